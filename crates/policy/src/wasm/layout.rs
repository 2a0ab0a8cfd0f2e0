//! Where the data of a module ends in its memory.
//!
//! OPA's compiler declares the memory that its runtime needs and then appends the policy's own constants
//! beyond it, so a host that trusts the declaration makes a module that traps while it is instantiated. The
//! module's own data segments tell the truth.

/// The bytes in one page of WebAssembly memory.
pub(crate) const PAGE: u64 = 65_536;

/// The fewest pages that a module is given; OPA's runtime asks for more by itself, a little at a time.
const FEWEST_PAGES: u64 = 16;

/// How many pages the memory of a module needs from the start: as many as it asks for, as many as its data
/// fills, and sixteen at least. `None` for bytes that are not a WebAssembly module.
pub(crate) fn pages(module: &[u8]) -> Option<u32> {
    const IMPORTS: u8 = 2;
    const DATA: u8 = 11;
    let mut module = Reader(module.strip_prefix(b"\0asm\x01\0\0\0")?);
    let mut pages = FEWEST_PAGES;
    while !module.0.is_empty() {
        let section = module.byte()?;
        let length = module.length()?;
        let content = Reader(module.take(length)?);
        pages = match section {
            IMPORTS => pages.max(declared(content)?),
            DATA => pages.max(end_of_data(content)?.div_ceil(PAGE)),
            _ => pages,
        };
    }
    u32::try_from(pages).ok()
}

/// The fewest pages of the memory that the module imports; none if it imports none.
fn declared(mut imports: Reader<'_>) -> Option<u64> {
    let mut pages = 0;
    for _ in 0..imports.unsigned()? {
        for _name in ["module", "field"] {
            let length = imports.length()?;
            imports.take(length)?;
        }
        match imports.byte()? {
            // A function, by its type.
            0 => drop(imports.unsigned()?),
            // A table, by what it refers to and its size.
            1 => {
                imports.byte()?;
                imports.limits()?;
            }
            2 => pages = pages.max(imports.limits()?),
            // A global, by its type and whether it changes.
            3 => drop(imports.take(2)?),
            _ => return None,
        }
    }
    Some(pages)
}

fn end_of_data(mut segments: Reader<'_>) -> Option<u64> {
    let mut end = 0;
    for _ in 0..segments.unsigned()? {
        let kind = segments.unsigned()?;
        // 0: active in memory 0; 1: passive; 2: active in the memory that is named next.
        if kind == 2 {
            segments.unsigned()?;
        }
        let offset = if kind == 1 { None } else { segments.offset()? };
        let length = segments.length()?;
        segments.take(length)?;
        if let Some(offset) = offset {
            end = end.max(offset.checked_add(length as u64)?);
        }
    }
    Some(end)
}

struct Reader<'m>(&'m [u8]);

impl<'m> Reader<'m> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, count: usize) -> Option<&'m [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// An unsigned number of up to 64 bits in LEB128.
    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.unsigned()?).ok()
    }

    /// The least of a size that may also have a most.
    fn limits(&mut self) -> Option<u64> {
        let has_most = self.byte()? & 1 == 1;
        let least = self.unsigned()?;
        if has_most {
            self.unsigned()?;
        }
        Some(least)
    }

    /// The constant at which a segment begins; the inner `None` where it is not a plain constant.
    fn offset(&mut self) -> Option<Option<u64>> {
        const I32_CONST: u8 = 0x41;
        const END: u8 = 0x0b;
        if self.byte()? != I32_CONST {
            while self.byte()? != END {}
            return Some(None);
        }
        // A signed number; addresses use all 32 bits of it.
        let number = self.unsigned()?;
        if self.byte()? != END {
            return None;
        }
        Some(Some(number & 0xffff_ffff))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"\0asm\x01\0\0\0";
    /// One active segment of two bytes at 0x100000.
    const DATA: &[u8] = &[11, 11, 1, 0, 0x41, 0x80, 0x80, 0xc0, 0x00, 0x0b, 2, 7, 7];
    /// A function, and a memory of 300 pages at least.
    const IMPORTS: &[u8] = &[2, 15, 2, 1, b'e', 1, b'f', 0, 5, 1, b'e', 1, b'm', 2, 0, 0xac, 0x02];

    #[test]
    fn data_beyond_the_declaration_is_counted() {
        assert_eq!(pages(&[HEAD, DATA].concat()), Some(17));
        assert_eq!(pages(&[HEAD, IMPORTS, DATA].concat()), Some(300));
    }

    #[test]
    fn a_module_without_data_gets_the_fewest_pages() {
        assert_eq!(pages(HEAD), Some(16));
    }

    #[test]
    fn what_is_cut_off_is_no_module() {
        let whole = [HEAD, DATA].concat();
        for end in (0..HEAD.len()).chain(HEAD.len() + 1..whole.len()) {
            assert_eq!(pages(&whole[..end]), None, "{end}");
        }
        assert_eq!(pages(b"PK\x03\x04"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = pages(&[HEAD, &bytes].concat());
        }
    }
}
