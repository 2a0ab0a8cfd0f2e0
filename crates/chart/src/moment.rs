//! Moments in UTC, and Go's layouts for them (`time.Format`).

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since the beginning of 1970 in UTC.
    pub seconds: i64,
    /// Nanoseconds after that.
    pub nanoseconds: u32,
}

/// What a clock says; a clock that stands before 1970 says 1970.
impl From<std::time::SystemTime> for Moment {
    fn from(time: std::time::SystemTime) -> Moment {
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Moment {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: since.subsec_nanos(),
        }
    }
}

/// A moment on calendar and clock.
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) year_day: u16,
    /// From Sunday, 0.
    weekday: u8,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The pieces of Go's reference time, longer ones before those that they begin with.
const PIECES: [&str; 36] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "-07:00:00",
    "-07:00",
    "-070000",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z07:00",
    "Z070000",
    "Z0700",
    "Z07",
    "002",
    "__2",
    "_2006",
    "_2",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "1",
    "2",
    "3",
    "4",
    "5",
    ".0",
    ".9",
];

impl Moment {
    /// The moment so many nanoseconds after the beginning of 1970.
    pub fn from_nanoseconds(nanoseconds: i64) -> Moment {
        const SECOND: i64 = 1_000_000_000;
        Moment {
            seconds: nanoseconds.div_euclid(SECOND),
            nanoseconds: u32::try_from(nanoseconds.rem_euclid(SECOND)).unwrap_or_default(),
        }
    }

    pub(crate) fn date(self) -> Date {
        let (days, second) = (self.seconds.div_euclid(86_400), self.seconds.rem_euclid(86_400));
        // Years that begin in March, so that the day that leap years add is the last; 400 of them have 146 097 days.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let index = usize::try_from(month - 1).unwrap_or_default();
        let year_day = before.get(index).copied().unwrap_or_default() + day + i64::from(leap && month > 2);
        let small = |value: i64| u8::try_from(value).unwrap_or_default();
        Date {
            year,
            month: small(month),
            day: small(day),
            hour: small(second / 3_600),
            minute: small(second / 60 % 60),
            second: small(second % 60),
            year_day: u16::try_from(year_day).unwrap_or_default(),
            weekday: small((days + 4).rem_euclid(7)),
        }
    }

    /// Writes the moment in a layout: Go's reference time, `Mon Jan 2 15:04:05 MST 2006`, written as it should look.
    pub fn format(self, layout: &str) -> String {
        let date = self.date();
        let mut text = String::new();
        let mut rest = layout;
        while let Some(first) = rest.chars().next() {
            match PIECES.into_iter().find(|piece| rest.starts_with(piece)) {
                Some(piece @ (".0" | ".9")) => {
                    let digit = piece.chars().nth(1).unwrap_or('0');
                    let count = rest.chars().skip(1).take_while(|c| *c == digit).count();
                    let after = rest.get(1 + count..).unwrap_or_default();
                    if after.starts_with(|c: char| c.is_ascii_digit()) {
                        text.push('.');
                        rest = rest.get(1..).unwrap_or_default();
                        continue;
                    }
                    self.fraction(&mut text, count, digit == '9');
                    rest = after;
                }
                // Go takes `Jan` and `Mon` for names only where no small letter follows.
                Some(piece @ ("Jan" | "Mon"))
                    if rest
                        .get(3..)
                        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())) =>
                {
                    text.push_str(piece);
                    rest = rest.get(3..).unwrap_or_default();
                }
                Some("_2006") => {
                    text.push('_');
                    rest = rest.get(1..).unwrap_or_default();
                }
                Some(piece) => {
                    text.push_str(&date.piece(piece));
                    rest = rest.get(piece.len()..).unwrap_or_default();
                }
                None => {
                    text.push(first);
                    rest = rest.get(first.len_utf8()..).unwrap_or_default();
                }
            }
        }
        text
    }

    fn fraction(self, text: &mut String, count: usize, trim: bool) {
        let digits = format!("{:09}", self.nanoseconds);
        let digits: String = digits.chars().chain(std::iter::repeat('0')).take(count).collect();
        let digits = if trim { digits.trim_end_matches('0') } else { &digits };
        if !digits.is_empty() {
            text.push('.');
            text.push_str(digits);
        }
    }
}

impl Date {
    fn piece(&self, piece: &str) -> String {
        let name = |names: &[&str], index: u8, short: bool| {
            let name = names.get(usize::from(index)).copied().unwrap_or_default();
            (if short { name.get(..3).unwrap_or(name) } else { name }).to_owned()
        };
        let twelve = if self.hour.is_multiple_of(12) { 12 } else { self.hour % 12 };
        match piece {
            "January" => name(&MONTHS, self.month.saturating_sub(1), false),
            "Jan" => name(&MONTHS, self.month.saturating_sub(1), true),
            "Monday" => name(&DAYS, self.weekday, false),
            "Mon" => name(&DAYS, self.weekday, true),
            "MST" => "UTC".to_owned(),
            "2006" => format!("{:04}", self.year),
            "06" => format!("{:02}", self.year.rem_euclid(100)),
            "01" => format!("{:02}", self.month),
            "1" => self.month.to_string(),
            "02" => format!("{:02}", self.day),
            "_2" => format!("{:2}", self.day),
            "2" => self.day.to_string(),
            "002" => format!("{:03}", self.year_day),
            "__2" => format!("{:3}", self.year_day),
            "15" => format!("{:02}", self.hour),
            "03" => format!("{twelve:02}"),
            "3" => twelve.to_string(),
            "04" => format!("{:02}", self.minute),
            "4" => self.minute.to_string(),
            "05" => format!("{:02}", self.second),
            "5" => self.second.to_string(),
            "PM" => (if self.hour < 12 { "AM" } else { "PM" }).to_owned(),
            "pm" => (if self.hour < 12 { "am" } else { "pm" }).to_owned(),
            zone if zone.starts_with('Z') => "Z".to_owned(),
            // The offset from UTC, in the shape of the layout.
            zone => zone.replace('-', "+").replace('7', "0"),
        }
    }
}
