//! A CSV table: a header fixed at its creation, then rows of integers, floats and texts.

use std::io::Write;

/// One field of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A count, an index or a period.
    Int(u64),
    /// A measured value; `NaN` where it is unknown.
    Float(f64),
    /// A name.
    Text(&'a str),
}

impl From<u64> for Cell<'_> {
    fn from(value: u64) -> Self {
        Self::Int(value)
    }
}

impl From<usize> for Cell<'_> {
    fn from(value: usize) -> Self {
        Self::Int(value as u64)
    }
}

impl From<f64> for Cell<'_> {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

/// A CSV table on any writer.
///
/// A float carries a decimal point or an exponent and is the shortest text that reads back to the same `f64`
/// (`0.1`, `-0.0`, `1e16`, `NaN`, `inf`), so that readers which infer a column's type never take it for an integer.
#[derive(Debug)]
pub struct Table<W: Write> {
    writer: csv::Writer<W>,
    field: Vec<u8>,
}

impl<W: Write> Table<W> {
    /// A table with this header, written at once.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn new<S: AsRef<str>>(writer: W, header: &[S]) -> Result<Self, csv::Error> {
        let mut writer = csv::WriterBuilder::new()
            .buffer_capacity(1 << 16)
            .from_writer(writer);
        writer.write_record(header.iter().map(|name| name.as_ref()))?;
        Ok(Self {
            writer,
            field: Vec::with_capacity(32),
        })
    }

    /// Rows without a header, to be appended to a table that has one.
    pub fn rows(writer: W) -> Self {
        let builder = csv::WriterBuilder::new()
            .buffer_capacity(1 << 12)
            .from_writer(writer);
        Self {
            writer: builder,
            field: Vec::with_capacity(32),
        }
    }

    /// Append one row, as many cells as the header has columns.
    ///
    /// # Errors
    /// When the writer fails, or the row is not as long as the header.
    pub fn row<'a, I>(&mut self, cells: I) -> Result<(), csv::Error>
    where
        I: IntoIterator,
        I::Item: Into<Cell<'a>>,
    {
        for cell in cells {
            self.field.clear();
            match cell.into() {
                Cell::Int(value) => write!(self.field, "{value}")?,
                Cell::Float(value) => write!(self.field, "{value:?}")?,
                Cell::Text(value) => self.field.extend_from_slice(value.as_bytes()),
            }
            self.writer.write_field(&self.field)?;
        }
        self.writer.write_record(None::<&[u8]>)
    }

    /// Write what is buffered and give the writer back.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn finish(mut self) -> Result<W, csv::Error> {
        self.writer.flush()?;
        let left = self.writer.into_inner();
        left.map_err(|failed| std::io::Error::from(failed.error().kind()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(cells: &[Cell]) -> String {
        let header: Vec<_> = (0..cells.len()).map(|i| format!("c{i}")).collect();
        let mut table = Table::new(Vec::new(), &header).unwrap();
        table.row(cells.iter().copied()).unwrap();
        let text = String::from_utf8(table.finish().unwrap()).unwrap();
        let (_, row) = text.split_once('\n').unwrap();
        row.trim_end_matches('\n').to_owned()
    }

    #[test]
    fn a_float_never_looks_like_an_integer() {
        let expected = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e16"),
            (1e-7, "1e-7"),
            (-2.5e-300, "-2.5e-300"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in expected {
            assert_eq!(written(&[Cell::Float(value)]), text);
        }
    }

    #[test]
    fn rows_are_as_typed_and_texts_quoted_where_needed() {
        let row = written(&[
            7usize.into(),
            u64::MAX.into(),
            "plain".into(),
            "a, \"b\"".into(),
        ]);
        assert_eq!(row, "7,18446744073709551615,plain,\"a, \"\"b\"\"\"");
    }

    #[test]
    fn a_row_of_the_wrong_length_is_refused() {
        let mut table = Table::new(Vec::new(), &["a", "b"]).unwrap();
        assert!(table.row([1.0]).is_err());
    }

    #[test]
    fn a_failing_writer_is_reported_at_the_latest_on_finish() {
        let mut room = [0u8; 8];
        let mut table = Table::new(&mut room[..], &["a"]).unwrap();
        for t in 0..4usize {
            table.row([t]).unwrap();
        }
        assert!(table.finish().is_err());
    }

    proptest! {
        #[test]
        fn a_float_reads_back_to_the_same_bits(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let text = written(&[Cell::Float(value)]);
            let back: f64 = text.parse().unwrap();
            prop_assert!(back.to_bits() == bits || value.is_nan() && text == "NaN");
            prop_assert!(!value.is_finite() || text.contains(['.', 'e']));
        }
    }
}
