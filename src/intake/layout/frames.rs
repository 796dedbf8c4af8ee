//! Which rules frame one table, and what its cells are.

use super::columns::{band_of, corridor, words};
use super::print::Area;
use super::rules::RulingLine;
use super::{Size, Table};

/// The rules of one table.
pub(super) struct Frame {
    left: usize,
    right: usize,
    /// Rows of the rules across, from top to bottom, outer ones included.
    across: Vec<usize>,
    /// Columns of the rules within, from left to right, with their rows.
    down: Vec<RulingLine>,
}

/// Puts rules together that frame one table: rules across of about the same reach, held together by rules down.
pub(super) fn frames(across: &[RulingLine], down: &[RulingLine], size: &Size) -> Vec<Frame> {
    let mut groups: Vec<Vec<RulingLine>> = Vec::new();
    for line in across {
        let above = groups.iter_mut().rev().find(|group| {
            let last = group[group.len() - 1];
            let reach = last.overlap(line.from, line.to);
            reach * 2 >= last.length().max(line.length())
                && line.at() - last.at() <= size.mm(HIGHEST_BAND_MM)
                && held_together(&last, line, down, size)
        });
        match above {
            Some(group) => group.push(*line),
            None => groups.push(vec![*line]),
        }
    }
    groups
        .iter()
        .filter_map(|group| frame_of(group, down, size))
        .collect()
}

/// Whether a rule down spans the gap between two rules across, or no rule down touches either of them.
fn held_together(upper: &RulingLine, lower: &RulingLine, down: &[RulingLine], size: &Size) -> bool {
    let near = size.mm(2.0);
    let gap = lower.at().saturating_sub(upper.at());
    let within = |line: &&RulingLine| {
        (upper.from.saturating_sub(near)..upper.to + near).contains(&line.at())
    };
    let mut touching = down
        .iter()
        .filter(within)
        .filter(|line| line.overlap(upper.at().saturating_sub(near), lower.at() + near) > near / 2);
    let spanning = touching
        .clone()
        .any(|line| line.overlap(upper.at(), lower.at()) * 2 > gap);
    spanning || touching.next().is_none()
}

fn frame_of(group: &[RulingLine], down: &[RulingLine], size: &Size) -> Option<Frame> {
    let left = group.iter().map(|line| line.from).min()?;
    let right = group.iter().map(|line| line.to).max()?;
    let near = size.mm(2.0);
    let (first, last) = (group[0].at(), group[group.len() - 1].at());
    let touching: Vec<&RulingLine> = down
        .iter()
        .filter(|line| (left.saturating_sub(near)..right + near).contains(&line.at()))
        .filter(|line| line.overlap(first.saturating_sub(near), last + near) > near)
        .collect();
    // A missing outer rule: the rules down reach beyond the outermost rule across.
    let reach_up = touching.iter().map(|line| line.from).min();
    let reach_down = touching.iter().map(|line| line.to).max();
    let mut rows: Vec<usize> = group.iter().map(RulingLine::at).collect();
    let lowest_band = size.mm(LOWEST_BAND_MM);
    rows.extend(reach_up.filter(|top| top + lowest_band < first));
    rows.extend(reach_down.filter(|bottom| last + lowest_band < *bottom));
    rows.sort_unstable();
    // A double rule is one.
    rows.dedup_by(|lower, upper| *lower - *upper < lowest_band);
    let inner = size.mm(4.0);
    let mut within: Vec<RulingLine> = touching
        .into_iter()
        .filter(|line| (left + inner..right.saturating_sub(inner)).contains(&line.at()))
        .copied()
        .collect();
    within.sort_by_key(RulingLine::at);
    (rows.len() >= 2).then_some(Frame {
        left,
        right,
        across: rows,
        down: within,
    })
}

impl Frame {
    fn top(&self) -> usize {
        self.across[0]
    }

    fn bottom(&self) -> usize {
        self.across[self.across.len() - 1]
    }

    pub(super) fn holds(&self, piece: &Area) -> bool {
        (self.left..self.right).contains(&piece.middle_x())
            && (self.top()..self.bottom()).contains(&piece.middle_y())
    }

    pub(super) fn table(&self, inside: Vec<Area>, em: usize) -> Table {
        let columns = self.columns(&inside, em);
        let bands = self.across.windows(2).map(|rows| {
            let band: Vec<Area> = inside
                .iter()
                .filter(|piece| (rows[0]..rows[1]).contains(&piece.middle_y()))
                .copied()
                .collect();
            band_of(&band, &columns, em)
        });
        Table {
            ruled: true,
            bands: bands.collect(),
        }
    }

    /// Columns between cells: rules that go down most of the table; without any, the white corridor.
    fn columns(&self, inside: &[Area], em: usize) -> Vec<usize> {
        let height = self.bottom() - self.top();
        let mut columns: Vec<(usize, usize)> = Vec::new();
        for line in &self.down {
            let reach = line.overlap(self.top(), self.bottom());
            match columns.last_mut() {
                Some((at, sum)) if line.at() - *at <= em / 2 => *sum += reach,
                _ => columns.push((line.at(), reach)),
            }
        }
        let ruled: Vec<usize> = columns
            .into_iter()
            .filter(|(_, reach)| reach * 5 >= height * 2)
            .map(|(at, _)| at)
            .collect();
        match ruled.is_empty() {
            true => corridor(&words(inside, em), em).into_iter().collect(),
            false => ruled,
        }
    }
}

const HIGHEST_BAND_MM: f32 = 45.0;
const LOWEST_BAND_MM: f32 = 2.5;
