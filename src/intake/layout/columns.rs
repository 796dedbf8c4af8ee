//! Words, and the white between columns of them: what parts labels from values where no rule does.

use super::print::{Area, PrintLine, lines_of};
use super::{Band, Cell, Table};

/// Print in two columns without rules as one band, and what does not belong to it.
pub(super) fn unruled_table(free: &[Area], em: usize) -> Option<(Table, Vec<Area>)> {
    let words = words(free, em);
    let column = corridor(&words, em)?;
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for word in words {
        let area = area_of(&word);
        match area.left + em / 3 < column && column + em / 3 < area.right {
            true => outside.extend(word),
            false => inside.extend(word),
        }
    }
    let table = Table {
        ruled: false,
        bands: vec![band_of(&inside, &[column], em)],
    };
    Some((table, outside))
}

/// Deals a band's pieces to cells. A word that runs across a column's edge makes the band one cell (a caption).
pub(super) fn band_of(band: &[Area], columns: &[usize], em: usize) -> Band {
    let crossed = |column: &usize| {
        band.iter()
            .any(|piece| piece.left + em / 3 < *column && column + em / 3 < piece.right)
    };
    let edges: Vec<usize> = columns.iter().filter(|c| !crossed(c)).copied().collect();
    let mut cells = vec![Vec::new(); edges.len() + 1];
    for piece in band {
        let cell = edges.partition_point(|edge| *edge <= piece.middle_x());
        cells[cell].push(*piece);
    }
    let cells = cells.iter().map(|pieces| Cell {
        lines: lines_of(pieces, em),
    });
    Band {
        cells: cells.collect(),
    }
}

/// Words: pieces side by side with less than a character between them.
pub(super) fn words(pieces: &[Area], em: usize) -> Vec<Vec<Area>> {
    let mut sorted = pieces.to_vec();
    sorted.sort_by_key(|piece| piece.left);
    let mut words: Vec<(Area, Vec<Area>)> = Vec::new();
    // Words that ended far to the left cannot grow any more: only the open ones are looked at.
    let mut open: Vec<usize> = Vec::new();
    for piece in sorted {
        open.retain(|word| words[*word].0.right + em >= piece.left);
        let home = open.iter().copied().find(|word| {
            let (area, _) = &words[*word];
            let shared = area.shared_rows(&piece);
            let low = area.height().min(piece.height());
            shared * 2 > low || (shared > 0 && area.with(&piece).height() <= em * 5 / 4)
        });
        match home {
            Some(word) => {
                words[word].0 = words[word].0.with(&piece);
                words[word].1.push(piece);
            }
            None => {
                open.push(words.len());
                words.push((piece, vec![piece]));
            }
        }
    }
    words.into_iter().map(|(_, pieces)| pieces).collect()
}

pub(super) fn line_of(word: &[Area], em: usize) -> PrintLine {
    let area = area_of(word);
    let mut lines = lines_of(word, em);
    lines.sort_by_key(|line| std::cmp::Reverse(line.area.width()));
    let widest = lines.first();
    PrintLine {
        area,
        glyph: widest.map_or(em, |line| line.glyph),
        typical: widest.map_or(em, |line| line.typical),
    }
}

/// The column that the most gaps between words of one line share: labels end before it, values start behind it.
pub(super) fn corridor(words: &[Vec<Area>], em: usize) -> Option<usize> {
    let mut areas: Vec<Area> = words.iter().map(|word| area_of(word)).collect();
    areas.sort_by_key(|area| area.left);
    let mut gaps: Vec<(usize, usize)> = Vec::new();
    for (i, word) in areas.iter().enumerate() {
        let next = areas[i + 1..].iter().find(|other| {
            other.left >= word.right
                && other.shared_rows(word) * 3 > word.height().min(other.height())
        });
        gaps.extend(
            next.map(|next| (word.right, next.left))
                .filter(|(from, to)| to - from >= em * 3 / 4),
        );
    }
    // The best column lies just before the start of some value.
    let shared = |at: usize| {
        gaps.iter()
            .filter(|(from, to)| *from < at && at <= *to)
            .count()
    };
    let best = gaps.iter().map(|(_, to)| (shared(*to), *to)).max()?;
    (best.0 >= FEWEST_ROWS).then_some(best.1.saturating_sub(em / 4))
}

fn area_of(word: &[Area]) -> Area {
    let mut word = word.iter();
    let first = word.next().copied().unwrap_or(NOWHERE);
    word.fold(first, |sum, piece| sum.with(piece))
}

const NOWHERE: Area = Area {
    left: 0,
    top: 0,
    right: 0,
    bottom: 0,
};
/// Two columns need so many rows before they are believed.
const FEWEST_ROWS: usize = 3;
