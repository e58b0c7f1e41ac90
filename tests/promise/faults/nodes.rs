//! A fault of a tree: takes what is wrong in place of a node, gives every tree that is wrong in one place.

/// A tree that holds nodes of a kind.
pub(super) trait Holds<N> {
    /// Calls `visit` on each, outer ones first.
    fn each(&mut self, visit: &mut dyn FnMut(&mut N));
}

/// What makes wrong trees of a right one.
pub(super) struct Fault<T> {
    pub(super) name: &'static str,
    nth: Box<Nth<T>>,
}

/// The tree that is wrong in the place of a number; none where there are fewer.
type Nth<T> = dyn Fn(&T, usize) -> Option<T>;

impl<T: Clone> Fault<T> {
    /// A fault of one kind of node: which nodes are wrong in place of one.
    pub(super) fn of<N: 'static>(name: &'static str, instead: fn(&N) -> Vec<N>) -> Fault<T>
    where
        T: Holds<N> + 'static,
    {
        let nth = move |tree: &T, nth: usize| {
            let (mut tree, mut before, mut found) = (tree.clone(), 0, false);
            tree.each(&mut |node: &mut N| {
                if !found {
                    let mut wrong = instead(node);
                    if nth < before + wrong.len() {
                        *node = wrong.swap_remove(nth - before);
                        found = true;
                    }
                    before += wrong.len();
                }
            });
            found.then_some(tree)
        };
        Fault { name, nth: Box::new(nth) }
    }

    /// Every tree that is wrong in one place.
    pub(super) fn wrong<'a>(&'a self, tree: &'a T) -> impl Iterator<Item = T> {
        (0..).map_while(move |nth| (self.nth)(tree, nth))
    }
}

/// Some parts without one of them, for each of those that may go.
pub(super) fn without<P: Clone>(parts: &[P], may_go: impl Fn(&P) -> bool) -> Vec<Vec<P>> {
    let one_less = |at: usize| {
        let mut parts = parts.to_vec();
        parts.remove(at);
        parts
    };
    (0..parts.len()).filter(|at| may_go(&parts[*at])).map(one_less).collect()
}
