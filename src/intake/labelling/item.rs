//! A run of print on a page of which only the places and the texts are known, and what it looks like.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::domain::{ReferenceId, RequestId};
use crate::intake::fields::{Label, dates};
use crate::intake::layout::{Area, Segment};

/// One run of print, and what it is.
pub(super) struct Item {
    /// Where it stands.
    pub(super) segment: Segment,
    /// What was read there; may be a secret.
    pub(super) text: Zeroizing<String>,
    /// Which label it is, if any.
    pub(super) label: Option<Label>,
    /// Whether another took it in.
    pub(super) is_gone: bool,
}

impl Item {
    pub(super) fn new(segment: Segment, text: Zeroizing<String>, label: Option<Label>) -> Self {
        Self {
            segment,
            text,
            label,
            is_gone: false,
        }
    }

    pub(super) fn area(&self) -> Area {
        self.segment.line.area
    }

    /// Whether the next line of the same text stands below.
    pub(super) fn goes_on_in(&self, lower: &Self) -> bool {
        let (upper, next) = (self.area(), lower.area());
        let glyph = self.segment.line.glyph.max(lower.segment.line.glyph);
        next.middle_y() > upper.bottom
            && next.top.saturating_sub(upper.bottom) * 4 <= glyph * 5
            && shared_columns(&upper, &next) * 2 > next.width().min(upper.width())
    }
}

/// Whether a text may be the value of a label, as far as its form says; a few characters may be misread.
pub(super) fn looks_like(label: Label, text: &str, exactly: bool) -> bool {
    let kept: Zeroizing<Vec<char>> = Zeroizing::new(
        text.nfkc()
            .filter(|c| !c.is_whitespace() && !is_mark_between_groups(*c))
            .collect(),
    );
    let count = kept.len();
    let share = |is: fn(&char) -> bool| kept.iter().filter(|c| is(c)).count();
    let digits = share(char::is_ascii_digit);
    let latin = share(char::is_ascii_alphanumeric);
    let is_number = |lengths: RangeInclusive<usize>| {
        lengths.contains(&count) && digits * 10 >= count * 8 && dates::count(text) == 0
    };
    match label {
        Label::RequestId if exactly => is_number(RequestId::LENGTH..=RequestId::LENGTH),
        Label::RequestId => is_number(13..=17),
        Label::InstitutionCode if exactly => is_number(10..=10),
        Label::InstitutionCode => is_number(7..=11),
        Label::ReferenceId => {
            let lengths = match exactly {
                true => ReferenceId::EXPECTED_LENGTH..=ReferenceId::EXPECTED_LENGTH,
                false => ReferenceId::MIN_LENGTH..=ReferenceId::MAX_LENGTH,
            };
            lengths.contains(&count)
                && latin * 10 >= count * 9
                && dates::count(text) == 0
                && !is_number(13..=17)
        }
        Label::Validity => dates::count(text) == if exactly { 2 } else { 1 },
        Label::RetrievalDeadline => dates::count(text) == 1,
        Label::Issuer => latin >= 8 && digits * 2 < latin,
        Label::TerminalName => count > 0,
    }
}

fn is_mark_between_groups(c: char) -> bool {
    matches!(c, '-' | '‐' | '−' | '–' | '—' | 'ー' | '.' | ',' | '|')
}

/// What has no form of its own.
pub(super) fn is_free_text(label: Label) -> bool {
    matches!(label, Label::TerminalName | Label::Issuer)
}

pub(super) fn is_id(label: Label) -> bool {
    matches!(label, Label::RequestId | Label::ReferenceId)
}

/// Whether two runs stand on one line.
pub(super) fn same_row(one: &Area, other: &Area) -> bool {
    one.shared_rows(other) * 2 > one.height().min(other.height())
}

pub(super) fn shared_columns(one: &Area, other: &Area) -> usize {
    one.right
        .min(other.right)
        .saturating_sub(one.left.max(other.left))
}
