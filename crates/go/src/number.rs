//! Floating-point numbers as Go writes them: `strconv.FormatFloat` with 64 bits.

use std::iter;

/// The shapes in which Go writes a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `%e`: `-1.234e+78`.
    Exponent,
    /// `%E`: `-1.234E+78`.
    UpperExponent,
    /// `%f`: `-123.456`.
    Decimal,
    /// `%g`: `%e` for large exponents, `%f` otherwise.
    General,
    /// `%G`: `%E` for large exponents, `%f` otherwise.
    UpperGeneral,
    /// `%b`: `4503599627370496p-52`, a power of two.
    Binary,
    /// `%x`: `0x1.8p+01`, in hexadecimal with a power of two.
    Hexadecimal,
    /// `%X`: `0X1.8P+01`.
    UpperHexadecimal,
}

/// Writes a float; without a precision, with as many digits as are needed to read the same number back.
///
/// ```
/// use go::number::{Shape, format_float};
///
/// assert_eq!(format_float(1e6, Shape::General, None), "1e+06");
/// assert_eq!(format_float(2.5, Shape::Decimal, Some(0)), "2");
/// ```
pub fn format_float(value: f64, shape: Shape, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let value = value.abs();
    let text = match shape {
        Shape::Binary => binary(value),
        Shape::Hexadecimal => hexadecimal(value, precision),
        Shape::UpperHexadecimal => hexadecimal(value, precision).to_uppercase(),
        Shape::Decimal => {
            let digits = Digits::of(value, precision.map(Round::AfterPoint));
            let after = precision.unwrap_or_else(|| digits.after_point());
            digits.decimal(after)
        }
        Shape::Exponent | Shape::UpperExponent => {
            let digits =
                Digits::of(value, precision.map(|after| Round::Significant(after.saturating_add(1))));
            let after = precision.unwrap_or_else(|| digits.count().saturating_sub(1));
            digits.exponent(after, shape == Shape::UpperExponent)
        }
        Shape::General | Shape::UpperGeneral => general(value, precision, shape == Shape::UpperGeneral),
    };
    format!("{sign}{text}")
}

fn general(value: f64, precision: Option<usize>, upper: bool) -> String {
    let precision = precision.map(|digits| digits.max(1));
    let digits = Digits::of(value, precision.map(Round::Significant));
    let wanted = precision.unwrap_or_else(|| digits.count());
    // From which exponent on the form with an exponent is used. Digits that are only zeros do not count.
    let limit = match precision {
        None => 6,
        Some(wanted) if wanted > digits.count() && signed(digits.count()) >= digits.point => digits.count(),
        Some(wanted) => wanted,
    };
    let exponent = digits.point - 1;
    if exponent < -4 || exponent >= signed(limit) {
        return digits.exponent(wanted.min(digits.count()).saturating_sub(1), upper);
    }
    let wanted = if signed(wanted) > digits.point { digits.count() } else { wanted };
    digits.decimal(usize::try_from(signed(wanted) - digits.point).unwrap_or(0))
}

/// Where decimal digits end.
#[derive(Clone, Copy)]
enum Round {
    Significant(usize),
    AfterPoint(usize),
}

/// A number as `0.d₁d₂d₃… × 10^point`, without zeros at the end; no digits at all for zero.
struct Digits {
    digits: Vec<u8>,
    point: i64,
}

impl Digits {
    fn of(value: f64, round: Option<Round>) -> Digits {
        // No double has more digits than this, on either side of the point; more would all be zeros.
        const ALL: usize = 1100;
        match round {
            None => Digits::shortest(value),
            Some(Round::Significant(count)) => {
                let after = count.saturating_sub(1).min(ALL);
                Digits::from_exponent(&format!("{value:.after$e}"))
            }
            Some(Round::AfterPoint(count)) => {
                let after = count.min(ALL);
                Digits::from_decimal(&format!("{value:.after$}"))
            }
        }
    }

    /// The fewest digits that read back as the same number, and of those the nearest to it.
    fn shortest(value: f64) -> Digits {
        let shortest = Digits::from_exponent(&format!("{value:e}"));
        // Where two are equally near, Go takes the even one, and so does rounding to that many digits. Next to a
        // power of two the nearest may read back as another number; then there is only one.
        let after = shortest.count().saturating_sub(1);
        let nearest = format!("{value:.after$e}");
        if nearest.parse() == Ok(value) { Digits::from_exponent(&nearest) } else { shortest }
    }

    fn from_exponent(text: &str) -> Digits {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let digits = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        Digits::trimmed(digits, exponent.parse::<i64>().unwrap_or(0) + 1)
    }

    fn from_decimal(text: &str) -> Digits {
        let before = text.find('.').unwrap_or(text.len());
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        Digits::trimmed(digits.get(zeros..).unwrap_or_default().to_vec(), signed(before) - signed(zeros))
    }

    fn trimmed(mut digits: Vec<u8>, point: i64) -> Digits {
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = if digits.is_empty() { 0 } else { point };
        Digits { digits, point }
    }

    fn count(&self) -> usize {
        self.digits.len()
    }

    /// How many digits stand after the point when none is left out.
    fn after_point(&self) -> usize {
        usize::try_from(signed(self.count()) - self.point).unwrap_or(0)
    }

    /// The digit with that many places between it and the first one; zero beyond the last.
    fn at(&self, place: i64) -> char {
        let digit = usize::try_from(place).ok().and_then(|place| self.digits.get(place));
        char::from(digit.copied().unwrap_or(b'0'))
    }

    fn decimal(&self, after: usize) -> String {
        let mut text: String = (0..self.point).map(|place| self.at(place)).collect();
        if text.is_empty() {
            text.push('0');
        }
        if after > 0 {
            text.push('.');
            text.extend((0..signed(after)).map(|place| self.at(self.point + place)));
        }
        text
    }

    fn exponent(&self, after: usize, upper: bool) -> String {
        let mut text = String::from(self.at(0));
        if after > 0 {
            text.push('.');
            text.extend((1..=signed(after)).map(|place| self.at(place)));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        let letter = if upper { 'E' } else { 'e' };
        text.push_str(&format!("{letter}{sign}{:02}", exponent.unsigned_abs()));
        text
    }
}

const MANTISSA_BITS: u32 = 52;

/// The mantissa with its hidden bit, and the power of two of that bit.
fn parts(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let exponent = (bits >> MANTISSA_BITS) & 0x7ff;
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    match exponent {
        0 => (mantissa, -1022),
        _ => (mantissa | (1 << MANTISSA_BITS), i64::try_from(exponent).unwrap_or(0) - 1023),
    }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{:+}", exponent - i64::from(MANTISSA_BITS))
}

fn hexadecimal(value: f64, precision: Option<usize>) -> String {
    /// The bit before the point; fifteen hexadecimal digits stand below it.
    const LEAD: u64 = 1 << 60;
    let (mantissa, mut exponent) = parts(value);
    let mut mantissa = mantissa << (60 - MANTISSA_BITS);
    if mantissa == 0 {
        exponent = 0;
    } else {
        let shift = mantissa.leading_zeros() - LEAD.leading_zeros();
        mantissa <<= shift;
        exponent -= i64::from(shift);
    }
    if let Some(digits) =
        precision.and_then(|digits| u32::try_from(digits).ok()).filter(|digits| *digits < 15)
    {
        let kept = digits * 4;
        let rest = (mantissa << kept) & (LEAD - 1);
        mantissa >>= 60 - kept;
        // More than half, or half and odd: to the even neighbour.
        if rest | (mantissa & 1) > LEAD / 2 {
            mantissa += 1;
        }
        mantissa <<= 60 - kept;
        if mantissa & (LEAD << 1) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let lead = (mantissa >> 60) & 1;
    let digits = format!("{:015x}", mantissa & (LEAD - 1));
    let fraction: String = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(count) => digits.chars().chain(iter::repeat('0')).take(count).collect(),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x{lead}{point}{fraction}p{sign}{:02}", exponent.unsigned_abs())
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_form_reads_back() {
        for (value, shape, text) in [
            (0.0, Shape::General, "0"),
            (-0.0, Shape::General, "-0"),
            (0.1, Shape::General, "0.1"),
            (100_000.0, Shape::General, "100000"),
            (1e6, Shape::General, "1e+06"),
            (1e21, Shape::UpperGeneral, "1E+21"),
            (0.0001, Shape::General, "0.0001"),
            (0.00001, Shape::General, "1e-05"),
            (f64::MAX, Shape::General, "1.7976931348623157e+308"),
            (5e-324, Shape::Exponent, "5e-324"),
            (1e21, Shape::Decimal, "1000000000000000000000"),
            (1.5, Shape::Exponent, "1.5e+00"),
        ] {
            assert_eq!(format_float(value, shape, None), text);
        }
    }

    #[test]
    fn ties_go_to_the_even_digit() {
        for (value, text) in
            [(0.5, "0"), (1.5, "2"), (2.5, "2"), (3.5, "4"), (0.25, "0"), (1e15 + 0.5, "1000000000000000")]
        {
            assert_eq!(format_float(value, Shape::Decimal, Some(0)), text);
        }
        assert_eq!(format_float(0.125, Shape::Decimal, Some(2)), "0.12");
        assert_eq!(format_float(12.5, Shape::Exponent, Some(1)), "1.2e+01");
    }

    #[test]
    fn of_two_shortest_forms_the_even_one_is_taken() {
        assert_eq!(format_float(1_480_482_518_069_336.2, Shape::General, None), "1.4804825180693362e+15");
        assert_eq!(format_float(807_742_073_118_497.2, Shape::General, None), "8.077420731184972e+14");
        // 2 to the power of 122: what is nearest with as many digits would be another number.
        assert_eq!(format_float(2f64.powi(122), Shape::General, None), "5.316911983139664e+36");
    }

    proptest::proptest! {
        #[test]
        fn the_shortest_form_of_any_number_reads_back(bits: u64) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                let text = format_float(value, Shape::Exponent, None);
                proptest::prop_assert_eq!(text.parse::<f64>(), Ok(value));
                let (shortest, mantissa) = (format!("{value:e}"), |text: &str| text.find('e'));
                proptest::prop_assert_eq!(mantissa(&text), mantissa(&shortest));
            }
        }
    }

    #[test]
    fn a_precision_beyond_every_digit_adds_zeros() {
        assert_eq!(format_float(0.5, Shape::Decimal, Some(3000)).len(), 3002);
        assert_eq!(format_float(0.5, Shape::Exponent, Some(70_000)).len(), 70_006);
        assert_eq!(format_float(0.5, Shape::Hexadecimal, Some(100)).len(), 3 + 1 + 100 + 4);
    }

    #[test]
    fn powers_of_two_are_exact() {
        assert_eq!(format_float(1.0, Shape::Binary, None), "4503599627370496p-52");
        assert_eq!(format_float(1.0, Shape::Hexadecimal, None), "0x1p+00");
        assert_eq!(format_float(-1.999, Shape::UpperHexadecimal, Some(1)), "-0X1.0P+01");
        assert_eq!(format_float(0.0, Shape::Hexadecimal, Some(2)), "0x0.00p+00");
        assert_eq!(format_float(5e-324, Shape::Hexadecimal, None), "0x1p-1074");
    }

    #[test]
    fn what_is_no_number_says_so() {
        assert_eq!(format_float(f64::NAN, Shape::Decimal, Some(2)), "NaN");
        assert_eq!(format_float(f64::NEG_INFINITY, Shape::Hexadecimal, None), "-Inf");
    }
}
