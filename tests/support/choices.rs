//! A finite run of choices: what random rules and events are made from. Once it is used up every choice is the first, so cutting it short or
//! making its numbers smaller makes simpler things: that is how `proptest` finds small counterexamples.

pub(crate) struct Choices {
    data: Vec<u32>,
    at: usize,
}

impl Choices {
    pub(crate) fn new(data: Vec<u32>) -> Choices {
        Choices { data, at: 0 }
    }

    fn next(&mut self) -> u32 {
        let value = self.data.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        value
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n.max(1)
    }

    /// One of some things; the first is the simplest.
    pub(crate) fn one<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    /// True in one of `n` cases; false once the choices are used up.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1 && n > 1
    }
}
