//! "Did you mean": the nearest of the words that can stand somewhere.

/// The most words that a message lists.
const SHOWN: usize = 40;

/// The nearest known word, or the list of them.
pub(super) fn suggest<S: AsRef<str>>(name: &str, known: &[S]) -> String {
    match nearest(name, known) {
        Some(word) => format!("did you mean {word:?}?"),
        None => {
            let words: Vec<&str> = known.iter().map(AsRef::as_ref).take(SHOWN).collect();
            let more = if known.len() > SHOWN { ", .." } else { "" };
            format!("known here: {}{more}", words.join(", "))
        }
    }
}

pub(super) fn nearest<'a, S: AsRef<str>>(name: &str, known: &'a [S]) -> Option<&'a str> {
    let close = |word: &&str| distance(name, word) <= 1 + word.len() / 4;
    known
        .iter()
        .map(AsRef::as_ref)
        .filter(close)
        .min_by_key(|word| distance(name, word))
}

/// Edits (Levenshtein) between two words; a very long word is far from every other.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, character) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(character != *other);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
