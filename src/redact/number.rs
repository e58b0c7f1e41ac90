//! Numbers: takes a run of groups of digits, gives the cards, social security numbers, telephone numbers and addresses in it.

use std::net::Ipv4Addr;

use super::checksum;
use super::context::{Context, is_count_or_id, is_version};
use super::entity::Entity;
use super::scan::Hits;

/// Groups of digits with at most three separators between: `(212) 555-0123`, `4111 1111 1111 1111`, `10.0.0.1`.
pub(super) struct Run<'t> {
    text: &'t str,
    bytes: &'t [u8],
    groups: Vec<(usize, usize)>,
}

impl<'t> Run<'t> {
    /// The run whose first digit stands at a place.
    pub(super) fn at(text: &'t str, start: usize) -> Run<'t> {
        let bytes = text.as_bytes();
        let mut groups = Vec::new();
        let mut at = start;
        loop {
            let end = at + bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
            groups.push((at, end));
            let between = bytes
                .iter()
                .skip(end)
                .take(4)
                .take_while(|byte| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')'));
            let next = end + between.count();
            if next == end || next > end + 3 || !bytes.get(next).is_some_and(u8::is_ascii_digit) {
                return Run { text, bytes, groups };
            }
            at = next;
        }
    }

    pub(super) fn end(&self) -> usize {
        self.groups.last().map_or(0, |group| group.1)
    }

    /// How many digits the groups from one to another have.
    fn count(&self, from: usize, to: usize) -> usize {
        self.groups.iter().take(to).skip(from).map(|(start, end)| end - start).sum()
    }

    fn digits(&self, from: usize, to: usize) -> Vec<u8> {
        let groups = self.groups.iter().take(to).skip(from);
        groups.flat_map(|(start, end)| self.bytes.get(*start..*end).unwrap_or_default()).copied().collect()
    }

    fn place(&self, from: usize, to: usize) -> (usize, usize) {
        let start = self.groups.get(from).map_or(0, |group| group.0);
        (start, to.checked_sub(1).and_then(|last| self.groups.get(last)).map_or(start, |group| group.1))
    }

    /// What stands between a group and the next one.
    fn between(&self, group: usize) -> &'t str {
        match (self.groups.get(group), self.groups.get(group + 1)) {
            (Some((_, start)), Some((end, _))) => self.text.get(*start..*end).unwrap_or_default(),
            _ => "",
        }
    }

    fn before(&self, group: usize) -> Option<u8> {
        self.place(group, group).0.checked_sub(1).and_then(|at| self.bytes.get(at)).copied()
    }

    fn behind(&self, to: usize) -> Option<u8> {
        self.bytes.get(self.place(0, to).1).copied()
    }

    /// Whether no letter touches the groups.
    fn apart(&self, from: usize, to: usize) -> bool {
        let touches = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        !touches(self.before(from)) && !touches(self.behind(to))
    }

    /// Whether a group stands for itself: no decimal fraction, no part of a UUID or of a longer number with dashes.
    fn alone(&self, group: usize) -> bool {
        let (start, end) = self.place(group, group + 1);
        let hex = |bytes: Option<&[u8]>| bytes.is_some_and(|bytes| bytes.iter().all(u8::is_ascii_hexdigit));
        let joined = |separator: Option<u8>, beyond: Option<&u8>, four: Option<&[u8]>| match separator {
            Some(b'.') => beyond.is_some_and(u8::is_ascii_digit),
            Some(b'-') => hex(four),
            _ => false,
        };
        self.apart(group, group + 1)
            && !joined(
                self.before(group),
                start.checked_sub(2).and_then(|at| self.bytes.get(at)),
                start.checked_sub(5).and_then(|at| self.bytes.get(at..start - 1)),
            )
            && !joined(self.behind(group + 1), self.bytes.get(end + 1), self.bytes.get(end + 1..end + 5))
    }

    /// Whether the groups have these lengths, with one and the same separator between.
    fn shaped(&self, from: usize, lengths: &[usize], separators: &[&str]) -> bool {
        let to = from + lengths.len();
        to <= self.groups.len()
            && (from..to).zip(lengths).all(|(group, length)| self.count(group, group + 1) == *length)
            && separators.contains(&self.between(from))
            && (from..to - 1).all(|group| self.between(group) == self.between(from))
            && self.apart(from, to)
    }

    /// Adds what the run holds.
    pub(super) fn find(&self, context: &Context, hits: &mut Hits<'t>) {
        self.ipv4(hits);
        if self.count(0, self.groups.len()) < 7 {
            return;
        }
        for from in 0..self.groups.len() {
            self.card(from, hits);
            self.nine(from, context, hits);
            self.ten(from, context, hits);
            self.north_american(from, hits);
            self.ten_american(from, hits);
        }
        self.international(hits);
        self.announced(context, hits);
    }

    fn add(&self, entity: Entity, from: usize, to: usize, hits: &mut Hits<'t>) {
        let (start, end) = self.place(from, to);
        hits.add(entity, start, end);
    }

    fn ipv4(&self, hits: &mut Hits<'t>) {
        for from in 0..self.groups.len().saturating_sub(3) {
            let to = from + 4;
            let dotted = |group: usize| self.between(group) == ".";
            let longer = from.checked_sub(1).is_some_and(dotted) || dotted(to - 1);
            let (start, end) = self.place(from, to);
            let touched = self.before(from).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
                || self.behind(to).is_some_and(|byte| byte.is_ascii_alphanumeric());
            if longer || touched || !(from..to - 1).all(dotted) {
                continue;
            }
            let read = self.text.get(start..end).is_some_and(|text| text.parse::<Ipv4Addr>().is_ok());
            if read && !is_version(self.text, start, end) {
                hits.add(Entity::Ipv4, start, end);
            }
        }
    }

    /// Groups of at least three digits, one separator throughout; the last one may be shorter.
    fn card(&self, from: usize, hits: &mut Hits<'t>) {
        let mut best = None;
        for to in from + 1..=self.groups.len() {
            let count = self.count(from, to);
            if count > 19 || to > from + 6 {
                break;
            }
            if to > from + 1 {
                let uniform = matches!(self.between(from), " " | "-") && self.between(to - 2) == self.between(from);
                if !uniform || self.count(to - 2, to - 1) < 3 {
                    break;
                }
            }
            let stands = if to == from + 1 { self.alone(from) } else { self.apart(from, to) };
            if count >= 12 && stands {
                let digits = self.digits(from, to);
                if checksum::issued(&digits) && checksum::luhn(&digits) {
                    best = Some(to);
                }
            }
        }
        if let Some(to) = best {
            self.add(Entity::Card, from, to, hits);
        }
    }

    fn nine(&self, from: usize, context: &Context, hits: &mut Hits<'t>) {
        let bare = self.count(from, from + 1) == 9 && self.alone(from);
        let place = self.place(from, from + 1);
        let formed = self.shaped(from, &[3, 2, 4], &[" ", "-", "."]);
        let tax = if formed { Some(from + 3) } else { (bare && context.ssn(self.text, place)).then_some(from + 1) };
        if let Some((entity, to)) = tax.and_then(|to| Some((tax_number(&self.digits(from, to))?, to))) {
            self.add(entity, from, to, hits);
        }
        // 0 and 8 are not given out as first digits of a SIN.
        let sin = |to| {
            let digits = self.digits(from, to);
            !matches!(digits.first(), Some(b'0' | b'8')) && checksum::luhn(&digits)
        };
        if self.shaped(from, &[3, 3, 3], &[" ", "-"]) && sin(from + 3) {
            self.add(Entity::CaSin, from, from + 3, hits);
        } else if bare && sin(from + 1) && context.sin(self.text, place) {
            self.add(Entity::CaSin, from, from + 1, hits);
        }
        if bare && checksum::routing(&self.digits(from, from + 1)) && context.routing(self.text, place) {
            self.add(Entity::UsRouting, from, from + 1, hits);
        }
    }

    /// An NHS number with dashes looks like a telephone number, and needs a word as much as one without separators.
    fn ten(&self, from: usize, context: &Context, hits: &mut Hits<'t>) {
        let spaced = self.shaped(from, &[3, 3, 4], &[" "]);
        let dashed = self.shaped(from, &[3, 3, 4], &["-"]);
        let bare = self.count(from, from + 1) == 10 && self.alone(from);
        let to = if bare { from + 1 } else { from + 3 };
        if (spaced || dashed || bare)
            && checksum::nhs(&self.digits(from, to))
            && (spaced || context.nhs(self.text, self.place(from, to)))
        {
            self.add(Entity::UkNhs, from, to, hits);
        }
    }

    /// `212-555-0123`, `(212) 555-0123`, `1.212.555.0123`: the form of three, three and four is enough.
    fn north_american(&self, from: usize, hits: &mut Hits<'t>) {
        let to = from + 3;
        let lengths = to <= self.groups.len() && (from..to).map(|group| self.count(group, group + 1)).eq([3, 3, 4]);
        let area = self.bytes.get(self.place(from, from).0).is_some_and(|digit| matches!(digit, b'2'..=b'9'));
        let first = self.between(from);
        let forms = first != "/" && !first.contains('(') && matches!(self.between(from + 1), "-" | "." | " " | " - ");
        let code = from
            .checked_sub(1)
            .filter(|group| matches!(self.digits(*group, group + 1)[..], [b'1'] | [b'0', b'0', b'1']));
        // Four groups and more with dots are something else, but for the country's code.
        let longer = self.between(to - 1) == "."
            || code.is_none() && from.checked_sub(1).is_some_and(|group| self.between(group) == ".");
        if lengths && area && forms && !longer {
            let begins = code.filter(|group| self.called(*group, to)).unwrap_or(from);
            self.add_phone(begins, to, hits);
        }
    }

    /// Ten bare digits, where area and exchange begin with 2 to 9 and nothing around says that they count or name something else. Seconds
    /// since 1970 begin with 1 until 2033.
    fn ten_american(&self, from: usize, hits: &mut Hits<'t>) {
        let (start, end) = self.place(from, from + 1);
        let codes = [start, start + 3].iter().all(|at| matches!(self.bytes.get(*at), Some(b'2'..=b'9')));
        let single = self.count(from, from + 1) == 10 && self.alone(from);
        if codes && single && !is_count_or_id(self.text, start, end) {
            hits.add(Entity::Phone, start, self.extended(end));
        }
    }

    /// E.164: a plus, a country code, up to 15 digits; eleven after `+1` where the groups say so.
    fn international(&self, hits: &mut Hits<'t>) {
        let (start, _) = self.place(0, 1);
        let Some(plus) = start.checked_sub(1).filter(|at| self.bytes.get(*at) == Some(&b'+')) else { return };
        let clean =
            plus.checked_sub(1).and_then(|at| self.bytes.get(at)).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let fits = |to: &usize, most: usize| (7..=most).contains(&self.count(0, *to)) && self.called(0, *to);
        let groups = 1..=self.groups.len().min(8);
        let american = (self.bytes.get(start) == Some(&b'1'))
            .then(|| groups.clone().find(|to| fits(to, 11) && self.count(0, *to) == 11));
        let to = american.flatten().or_else(|| groups.rev().find(|to| fits(to, 15)));
        if let Some(to) = to.filter(|_| clean) {
            hits.add(Entity::Phone, plus, self.extended(self.place(0, to).1));
        }
    }

    /// A number of any form after a word for telephones, but for dates and addresses.
    fn announced(&self, context: &Context, hits: &mut Hits<'t>) {
        let fits = |to: &usize| (7..=15).contains(&self.count(0, *to)) && self.called(0, *to);
        let lengths: Vec<usize> = (0..self.groups.len().min(4)).map(|group| self.count(group, group + 1)).collect();
        let date = matches!(lengths[..], [4, 2, 2] | [4, 2, 2, _] | [2, 2, 4] | [2, 2, 4, _])
            && matches!(self.between(0), "-" | "/" | ".")
            && self.between(0) == self.between(1);
        let dotted =
            lengths.len() == 4 && (0..3).all(|group| self.between(group) == ".") && lengths.iter().all(|n| *n < 4);
        let Some(to) = (1..=self.groups.len().min(8)).rev().find(fits).filter(|_| !date && !dotted) else { return };
        if context.phone(self.text, self.place(0, to)) {
            self.add_phone(0, to, hits);
        }
    }

    /// Whether no letter touches the groups but an extension's.
    fn called(&self, from: usize, to: usize) -> bool {
        let end = self.place(from, to).1;
        let free = |byte: Option<u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        free(self.before(from)) && (free(self.behind(to)) || self.extended(end) > end)
    }

    /// Where a telephone number ends with its extension: `x123`, `ext. 123`.
    fn extended(&self, end: usize) -> usize {
        let rest = self.bytes.get(end..).unwrap_or_default();
        let skipped = |bytes: &[u8], skip: &[u8]| bytes.iter().take(2).take_while(|byte| skip.contains(byte)).count();
        let space = skipped(rest, b" ,");
        let word = rest.get(space..).unwrap_or_default();
        let mark = [b"extension".as_slice(), b"ext", b"x"]
            .into_iter()
            .find(|mark| word.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark)));
        let Some(mark) = mark else { return end };
        let number = word.get(mark.len()..).unwrap_or_default();
        let dots = skipped(number, b". ");
        let digits = number.iter().skip(dots).take_while(|byte| byte.is_ascii_digit()).count();
        let closed = number.get(dots + digits).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if (1..=6).contains(&digits) && closed { end + space + mark.len() + dots + digits } else { end }
    }

    /// With the bracket around its first group, and its extension.
    fn add_phone(&self, from: usize, to: usize, hits: &mut Hits<'t>) {
        if self.called(from, to) {
            let (start, end) = self.place(from, to);
            let bracket = start.checked_sub(1).filter(|at| self.bytes.get(*at) == Some(&b'('));
            let start = bracket.filter(|_| self.between(from).starts_with(')')).unwrap_or(start);
            hits.add(Entity::Phone, start, self.extended(end));
        }
    }
}

/// Which of the two nine digits are, after the Social Security Administration's and the IRS's ranges.
fn tax_number(digits: &[u8]) -> Option<Entity> {
    let number = |from: usize, to: usize| {
        digits.get(from..to).unwrap_or_default().iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'))
    };
    match (number(0, 3), number(3, 5), number(5, 9)) {
        (0 | 666, ..) | (_, 0, _) | (_, _, 0) => None,
        (900.., 50..=65 | 70..=88 | 90..=92 | 94..=99, _) => Some(Entity::UsItin),
        (900.., ..) => None,
        _ => Some(Entity::UsSsn),
    }
}
