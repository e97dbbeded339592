//! One array in NumPy's format, `.npy` 1.0: a header that says type and shape, and the numbers, little-endian, row-major.
//!
//! Only what is written here is read: a file of this program's own is the same whenever it is written again. Nothing is
//! taken from a header before the bytes that are there have been found to be as many as it says.

use crate::solve::{Array, Numbers};

/// The first bytes of a file in version 1.0 of the format.
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// The numbers begin at a multiple of so many bytes.
const ALIGNMENT: usize = 64;

/// A kind of number: its name in a header, and its size in bytes.
const FLOATS: (&str, usize) = ("<f8", 8);
const INTEGERS: (&str, usize) = ("<i8", 8);
const BYTES: (&str, usize) = ("|u1", 1);

/// The bytes of an array of numbers.
pub(super) fn of_array(array: &Array) -> Vec<u8> {
    let numbers = match &array.numbers {
        Numbers::Floats(numbers) => numbers.iter().flat_map(|n| n.to_le_bytes()).collect(),
        Numbers::Integers(numbers) => numbers.iter().flat_map(|n| n.to_le_bytes()).collect(),
    };
    let (kind, _) = match array.numbers {
        Numbers::Floats(_) => FLOATS,
        Numbers::Integers(_) => INTEGERS,
    };
    joined(header(kind, &array.shape), numbers)
}

/// The bytes of an array of bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> Vec<u8> {
    joined(header(BYTES.0, &[bytes.len() as u64]), bytes.to_vec())
}

/// An array of numbers, or what is wrong with it.
pub(super) fn array(bytes: &[u8]) -> Result<Array, String> {
    let (kind, shape, rest) = parts(bytes)?;
    let eight = |chunk: &[u8]| <[u8; 8]>::try_from(chunk).unwrap_or_default();
    let chunks = counted((kind, &shape), [FLOATS, INTEGERS], rest)?.chunks_exact(8);
    let numbers = match kind == FLOATS.0 {
        true => Numbers::Floats(collected(chunks.map(|c| f64::from_le_bytes(eight(c))))?),
        false => Numbers::Integers(collected(chunks.map(|c| i64::from_le_bytes(eight(c))))?),
    };
    Ok(Array { shape, numbers })
}

/// Where there is memory for them.
fn collected<T>(numbers: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, String> {
    let mut all = Vec::new();
    let room = all.try_reserve_exact(numbers.len());
    room.map_err(|_| format!("there is no memory for its {} numbers", numbers.len()))?;
    all.extend(numbers);
    Ok(all)
}

/// An array of bytes, or what is wrong with it.
pub(super) fn bytes(bytes: &[u8]) -> Result<&[u8], String> {
    let (kind, shape, rest) = parts(bytes)?;
    counted((kind, &shape), [BYTES], rest)
}

fn joined(mut header: Vec<u8>, mut numbers: Vec<u8>) -> Vec<u8> {
    header.append(&mut numbers);
    header
}

fn header(kind: &str, shape: &[u64]) -> Vec<u8> {
    let shape: String = shape.iter().map(|length| format!("{length}, ")).collect();
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}");
    let before = MAGIC.len() + 2;
    // The last of the padding is a line feed.
    let whole = (before + text.len() + 1).next_multiple_of(ALIGNMENT);
    text.extend(std::iter::repeat_n(' ', whole - before - text.len() - 1));
    text.push('\n');
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [MAGIC, &length.to_le_bytes(), text.as_bytes()].concat()
}

/// Kind, shape and numbers of an array.
fn parts(bytes: &[u8]) -> Result<(&str, Vec<u64>, &[u8]), String> {
    let unlike = || "it is not in the form that is written here".to_owned();
    let after = bytes.strip_prefix(MAGIC).ok_or_else(unlike)?;
    let (length, after) = after.split_first_chunk::<2>().ok_or_else(unlike)?;
    let length = usize::from(u16::from_le_bytes(*length));
    let (text, numbers) = after.split_at_checked(length).ok_or_else(unlike)?;
    let text = std::str::from_utf8(text).map_err(|_| unlike())?;
    let between = |from: &str, to: char| {
        let (_, rest) = text.split_once(from)?;
        rest.split_once(to).map(|(found, _)| found)
    };
    let kind = between("'descr': '", '\'').ok_or_else(unlike)?;
    let shape = between("'shape': (", ')').ok_or_else(unlike)?;
    let lengths = shape.split_terminator(", ").map(str::parse);
    let shape: Vec<u64> = lengths.collect::<Result<_, _>>().map_err(|_| unlike())?;
    let written = header(kind, &shape);
    match written == bytes[..bytes.len() - numbers.len()] {
        true => Ok((kind, shape, numbers)),
        false => Err(unlike()),
    }
}

/// The bytes of the numbers, as many as the shape says, of one of these kinds.
fn counted<'a, const K: usize>(
    (kind, shape): (&str, &[u64]),
    kinds: [(&str, usize); K],
    bytes: &'a [u8],
) -> Result<&'a [u8], String> {
    let size = kinds.iter().find(|(name, _)| *name == kind);
    let (_, size) = size.ok_or_else(|| format!("it holds numbers of another kind, `{kind}`"))?;
    let count = shape
        .iter()
        .try_fold(1u64, |n, length| n.checked_mul(*length));
    let expected = count.and_then(|count| count.checked_mul(*size as u64));
    match expected == Some(bytes.len() as u64) {
        true => Ok(bytes),
        false => Err(format!(
            "its shape {shape:?} is not that of {} bytes",
            bytes.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Array {
        Array {
            shape: vec![2, 2],
            numbers: Numbers::Floats(vec![0.0, -1.5, f64::INFINITY, 1e-300]),
        }
    }

    /// As numpy.save writes it, but for the comma that NumPy leaves out before a bracket.
    #[test]
    fn the_header_is_numpys() {
        let written = of_array(&square());
        assert_eq!(&written[..10], b"\x93NUMPY\x01\x00\x76\x00");
        let text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, ), }";
        assert_eq!(&written[10..10 + text.len()], text);
        assert_eq!(written[127], b'\n');
        assert_eq!(written.len(), 128 + 4 * 8);
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(array(&of_array(&square())), Ok(square()));
        let none = Array {
            shape: vec![0, 3],
            numbers: Numbers::Integers(Vec::new()),
        };
        assert_eq!(array(&of_array(&none)), Ok(none));
        assert_eq!(bytes(&of_bytes(b"{}")), Ok(&b"{}"[..]));
    }

    /// A product of lengths that no integer holds, one that is too large, a kind that is not expected, a cut header.
    #[test]
    fn a_shape_that_is_not_that_of_the_bytes_is_refused() {
        for shape in [vec![u64::MAX, 2], vec![1 << 40], vec![3], vec![]] {
            let array_of = |shape| Array { shape, ..square() };
            let refused = array(&of_array(&array_of(shape))).unwrap_err();
            assert!(refused.contains("its shape"), "{refused}");
        }
        assert!(array(&of_bytes(b"1")).unwrap_err().contains("another kind"));
        let written = of_array(&square());
        for length in 0..128 {
            assert!(array(&written[..length]).is_err());
        }
    }
}
