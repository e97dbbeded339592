//! A table of results: named columns of integers, floats or names, owned, to be written or taken elsewhere as they are.

use std::io::Write;

use serde::Serialize;

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

/// A column; all have as many entries as the table has rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Column {
    /// Nothing is known of any of its so many entries.
    Unknown(usize),
    /// Counts, indices and periods.
    Integers(Vec<Option<u64>>),
    /// Measured values; `NaN` where one is unknown.
    Floats(Vec<f64>),
    /// Names.
    Names {
        /// Each name once, in order of appearance.
        names: Vec<String>,
        /// Which of them an entry is.
        codes: Vec<Option<u32>>,
    },
}

impl Column {
    /// Its length.
    pub fn len(&self) -> usize {
        match self {
            Self::Unknown(length) => *length,
            Self::Integers(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Names { codes, .. } => codes.len(),
        }
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One entry.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        const UNKNOWN: Cell<'_> = Cell::Float(f64::NAN);
        match self {
            Self::Unknown(_) => UNKNOWN,
            Self::Integers(values) => values[row].map_or(UNKNOWN, Cell::Int),
            Self::Floats(values) => Cell::Float(values[row]),
            Self::Names { names, codes } => {
                codes[row].map_or(UNKNOWN, |code| Cell::Text(&names[code as usize]))
            }
        }
    }

    /// Add an entry: of the kind of those before it, or unknown.
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Misfit> {
        if let Self::Unknown(length) = self {
            let length = *length;
            *self = match cell {
                Cell::Float(value) if value.is_nan() => Self::Unknown(length + 1),
                Cell::Float(_) => Self::Floats(vec![f64::NAN; length]),
                Cell::Int(_) => Self::Integers(vec![None; length]),
                Cell::Text(_) => Self::Names {
                    names: Vec::new(),
                    codes: vec![None; length],
                },
            };
        }
        match (self, cell) {
            (Self::Unknown(_), _) => {}
            (Self::Floats(values), Cell::Float(value)) => values.push(value),
            (Self::Integers(values), Cell::Int(value)) => values.push(Some(value)),
            (Self::Names { names, codes }, Cell::Text(name)) => codes.push(Some(code(names, name))),
            (Self::Integers(values), Cell::Float(value)) if value.is_nan() => values.push(None),
            (Self::Names { codes, .. }, Cell::Float(value)) if value.is_nan() => codes.push(None),
            _ => return Err(Misfit::Kind),
        }
        Ok(())
    }
}

/// The place of a name in a list, at the end of it if it is new. A table names few things, those of late most often.
fn code(names: &mut Vec<String>, name: &str) -> u32 {
    let place = names.iter().rposition(|known| known == name);
    place.unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    }) as u32
}

/// A row that does not fit its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Not as many cells as columns.
    #[error("a row has not as many cells as its table has columns")]
    Length,
    /// A cell of another kind than its column.
    #[error("a cell is of another kind than its column")]
    Kind,
}

impl From<Misfit> for std::io::Error {
    fn from(misfit: Misfit) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, misfit)
    }
}

/// Named columns of one length.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    header: Vec<String>,
    columns: Vec<Column>,
}

impl Table {
    /// No rows under this header.
    pub fn new(header: Vec<String>) -> Self {
        let columns = vec![Column::Unknown(0); header.len()];
        Self { header, columns }
    }

    /// The names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Append one row, as many cells as the header has columns.
    ///
    /// # Errors
    /// [`Misfit`]; the table is of no use then.
    pub fn row<'a, I>(&mut self, cells: I) -> Result<(), Misfit>
    where
        I: IntoIterator,
        I::Item: Into<Cell<'a>>,
    {
        let mut cells = cells.into_iter();
        for column in &mut self.columns {
            column.push(cells.next().ok_or(Misfit::Length)?.into())?;
        }
        match cells.next() {
            None => Ok(()),
            Some(_) => Err(Misfit::Length),
        }
    }

    /// Write it as CSV, header and rows.
    ///
    /// A float carries a decimal point or an exponent and is the shortest text that reads back to the same `f64`
    /// (`0.1`, `-0.0`, `1e16`, `NaN`, `inf`), so that readers which infer a column's type never take it for an integer.
    /// What is unknown is `NaN` in every column.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_csv<W: Write>(&self, writer: W) -> std::io::Result<W> {
        let mut writer = csv_writer(writer, 1 << 16);
        writer.write_record(&self.header)?;
        self.write_rows(writer)
    }

    /// Write its rows alone, to be appended to a table that has the header.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_csv_rows<W: Write>(&self, writer: W) -> std::io::Result<W> {
        // A buffer is cleared when it is made, and blocks of rows are short.
        self.write_rows(csv_writer(writer, 1 << 12))
    }

    fn write_rows<W: Write>(&self, mut writer: csv::Writer<W>) -> std::io::Result<W> {
        let mut field = Vec::with_capacity(32);
        for row in 0..self.len() {
            for column in &self.columns {
                field.clear();
                match column.cell(row) {
                    Cell::Int(value) => write!(field, "{value}")?,
                    Cell::Float(value) => write!(field, "{value:?}")?,
                    Cell::Text(value) => field.extend_from_slice(value.as_bytes()),
                }
                writer.write_field(&field)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        writer.flush()?;
        let left = writer.into_inner();
        left.map_err(|failed| std::io::Error::from(failed.error().kind()))
    }
}

fn csv_writer<W: Write>(writer: W, buffer: usize) -> csv::Writer<W> {
    let mut builder = csv::WriterBuilder::new();
    builder.buffer_capacity(buffer).from_writer(writer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(cells: &[Cell]) -> String {
        let header: Vec<_> = (0..cells.len()).map(|i| format!("c{i}")).collect();
        let mut table = Table::new(header);
        table.row(cells.iter().copied()).unwrap();
        let text = String::from_utf8(table.write_csv(Vec::new()).unwrap()).unwrap();
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
        let table = || Table::new(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(table().row([1.0]), Err(Misfit::Length));
        assert_eq!(table().row([1.0, 2.0, 3.0]), Err(Misfit::Length));
    }

    #[test]
    fn a_column_is_of_one_kind_and_what_is_unknown_fits_every_kind() {
        let mut table = Table::new(["n", "v", "name", "none"].map(str::to_owned).to_vec());
        let unknown = Cell::Float(f64::NAN);
        table.row([unknown; 4]).unwrap();
        let known = [Cell::Int(3), Cell::Float(0.5), Cell::Text("a"), unknown];
        table.row(known).unwrap();
        table.row([unknown; 4]).unwrap();
        table.row(known).unwrap();
        let [n, v, name, none] = table.columns() else {
            panic!("four columns");
        };
        assert_eq!(*n, Column::Integers(vec![None, Some(3), None, Some(3)]));
        assert!(matches!(v, Column::Floats(values) if values[1] == 0.5 && values[2].is_nan()));
        let (names, codes) = (vec!["a".to_owned()], vec![None, Some(0), None, Some(0)]);
        assert_eq!(*name, Column::Names { names, codes });
        assert_eq!(*none, Column::Unknown(4));
        let text = String::from_utf8(table.write_csv(Vec::new()).unwrap()).unwrap();
        let rows = "NaN,NaN,NaN,NaN\n3,0.5,a,NaN\n";
        assert_eq!(text, format!("n,v,name,none\n{rows}{rows}"));
        let texts = [Cell::Text("b"), Cell::Float(0.5), Cell::Text("a"), unknown];
        assert_eq!(table.row(texts), Err(Misfit::Kind));
    }

    #[test]
    fn a_failing_writer_is_reported() {
        let mut room = [0u8; 8];
        let mut table = Table::new(vec!["a".to_owned()]);
        for t in 0..4usize {
            table.row([t]).unwrap();
        }
        assert!(table.write_csv(&mut room[..]).is_err());
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
