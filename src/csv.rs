//! Records of CSV as in RFC 4180: takes lines, gives cells. A cell in quotes may hold commas, a quote written twice, and line breaks.

/// A record, as far as it is read.
#[derive(Debug, Default)]
struct Record {
    cells: Vec<String>,
    /// Within a cell in quotes.
    quoted: bool,
}

impl Record {
    /// Goes on with a line, without its end; says what was expected in place of what is there.
    fn read(&mut self, line: &str) -> Result<(), String> {
        if self.quoted {
            self.push('\n');
        } else {
            self.cells.push(String::new());
        }
        // Behind the quote that ends a cell.
        let mut ended = false;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if self.quoted && chars.next_if_eq(&'"').is_some() => self.push('"'),
                '"' if self.quoted => (self.quoted, ended) = (false, true),
                c if self.quoted => self.push(c),
                ',' => {
                    ended = false;
                    self.cells.push(String::new());
                }
                _ if ended => return Err("a comma behind a quoted cell".to_owned()),
                '"' if self.cells.last().is_some_and(String::is_empty) => self.quoted = true,
                c => self.push(c),
            }
        }
        Ok(())
    }

    fn push(&mut self, c: char) {
        if let Some(cell) = self.cells.last_mut() {
            cell.push(c);
        }
    }
}

/// The cells of a record on one line.
///
/// # Errors
/// What was expected in place of what is there.
pub fn cells(line: &str) -> Result<Vec<String>, String> {
    let mut record = Record::default();
    record.read(line)?;
    if record.quoted { Err("the quote that ends a cell on its line".to_owned()) } else { Ok(record.cells) }
}

/// The cells of a record, behind the number of its first line.
pub type Numbered = (usize, Vec<String>);

/// The records of a text, each with the number of its first line; blank lines are none. Behind what can't be read there is nothing more.
///
/// # Errors
/// The line, and what was expected on it.
pub fn records(text: &str) -> Result<Vec<Numbered>, (usize, String)> {
    let (mut out, mut open) = (Vec::new(), Record::default());
    let mut first = 1;
    for (number, line) in (1..).zip(text.lines()) {
        if !open.quoted {
            first = number;
            if line.trim().is_empty() {
                continue;
            }
        }
        open.read(line).map_err(|expected| (number, expected))?;
        if !open.quoted {
            out.push((first, std::mem::take(&mut open.cells)));
        }
    }
    if open.quoted { Err((first, "the quote that ends a cell".to_owned())) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::{cells, records};

    #[test]
    fn quotes_hold_commas_quotes_and_line_breaks() {
        assert_eq!(cells("a, b ,\"c,\"\"d\"\"\",").unwrap(), ["a", " b ", "c,\"d\"", ""]);
        assert_eq!(cells("a\"b,\"\",\"\"\"\"").unwrap(), ["a\"b", "", "\""]);
        assert_eq!(cells("\"a\"b").unwrap_err(), "a comma behind a quoted cell");
        assert_eq!(cells("\"a").unwrap_err(), "the quote that ends a cell on its line");
        let read = records("k,v\r\n\r\na,\"1\r\n\n2\"\r\n  \nb,3").unwrap();
        let expected = [(1, ["k", "v"]), (3, ["a", "1\n\n2"]), (7, ["b", "3"])];
        assert_eq!(read, expected.map(|(line, cells)| (line, cells.map(str::to_owned).to_vec())));
        assert_eq!(records("k\n\"a\nb\"c").unwrap_err(), (3, "a comma behind a quoted cell".to_owned()));
        assert_eq!(records("k\n\n\"a\n\n").unwrap_err(), (3, "the quote that ends a cell".to_owned()));
        assert_eq!(records("").unwrap(), []);
    }
}
