//! The difference of two texts, line by line.

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It stands in both.
    Same,
    /// It was taken out.
    Removed,
    /// It came in.
    Added,
}

impl Change {
    /// Its sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Removed => "−",
            Self::Added => "+",
        }
    }

    /// Its word, for who does not see colours.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::Removed => "removed",
            Self::Added => "added",
        }
    }
}

/// More lines than a page shows the difference of.
const MOST: usize = 2_000;

/// The lines of both, in order, by the longest run that they have in common.
pub fn lines<'a>(before: &'a str, after: &'a str) -> Vec<(Change, &'a str)> {
    let old: Vec<&str> = before.lines().take(MOST).collect();
    let new: Vec<&str> = after.lines().take(MOST).collect();
    let common = common(&old, &new);
    let (mut i, mut j) = (0, 0);
    let mut all = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            all.push((Change::Same, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            all.push((Change::Removed, old[i]));
            i += 1;
        } else {
            all.push((Change::Added, new[j]));
            j += 1;
        }
    }
    all
}

/// How many lines two ends have in common: of the lines from `i` and those from `j`.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<u16>> {
    let mut common = vec![vec![0_u16; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_line_is_removed_and_added() {
        let all = lines("a\nb\nc", "a\nx\nc\nd");
        let signs: Vec<_> = all
            .iter()
            .map(|(change, text)| (change.sign(), *text))
            .collect();
        let expected = [(" ", "a"), ("−", "b"), ("+", "x"), (" ", "c"), ("+", "d")];
        assert_eq!(signs, expected);
        assert!(lines("a", "a").iter().all(|it| it.0 == Change::Same));
        assert_eq!(lines("", "a"), [(Change::Added, "a")]);
    }
}
