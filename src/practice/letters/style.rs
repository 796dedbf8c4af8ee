//! How a letter is set: sizes, rules, shading, dates. Nobody outside knows the real letter's, so they vary.

use jiff::civil::Date;

use super::random::Random;

/// The look of a letter. Lengths are in points.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    /// Size of the text.
    pub text_size: f32,
    /// Space added to each character of a value, in ems.
    pub value_spacing: f32,
    /// Size of the title.
    pub title_size: f32,
    /// Left and right margin.
    pub side_margin: f32,
    /// Upper and lower margin.
    pub end_margin: f32,
    /// The label column's share of the table, 0 to 1.
    pub label_share: f32,
    /// Height of a row that holds one line.
    pub row_height: f32,
    /// Whether the long labels stand on two lines.
    pub wrap_labels: bool,
    /// Which rules are drawn.
    pub rules: Rules,
    /// Weight of the rules.
    pub rule_weight: f32,
    /// Grey of the label column, where it is shaded.
    pub label_shade: Option<u8>,
    /// Whether values are centred in their cell.
    pub centred_values: bool,
    /// 1台目, 2台目 above the tables.
    pub captions: bool,
    /// Most blocks on one page.
    pub blocks_per_page: usize,
    /// 1/3 at the foot.
    pub page_numbers: bool,
    /// Institution at the left and invented sender at the right, above the title.
    pub addressed: bool,
    /// How the dates in the table are written.
    pub dates: DateForm,
    /// How the date at the upper right is written.
    pub printed_date: DateForm,
    /// The sign between first and last day.
    pub range_sign: char,
    /// Whether blanks stand around it.
    pub spaced_range: bool,
    /// Whether IDs and codes are printed in full-width characters.
    pub full_width: bool,
    /// Characters to a group, where IDs are printed in groups.
    pub grouped_ids: Option<usize>,
    /// How IDs stand out from the other values.
    pub ids: IdStyle,
}

/// How IDs stand out from the other values; which font they are set in is [`super::Faces`]'s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IdStyle {
    /// Space added to each character beyond that of every value, in ems.
    pub spacing: f32,
    /// Their size as a share of the text's.
    pub size: f32,
    /// Whether a printer without a bold font made them bold, by striking twice.
    pub bold: bool,
}

impl IdStyle {
    /// As any other value.
    pub const PLAIN: Self = Self {
        spacing: 0.0,
        size: 1.0,
        bold: false,
    };
}

/// Which rules a table has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rules {
    /// Every cell is framed.
    Full,
    /// Lines between the rows only.
    Horizontal,
    /// None at all.
    Absent,
}

/// How a date is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DateForm {
    /// 2026/11/21
    Slash,
    /// 2026-11-21
    Hyphen,
    /// 2026年11月21日
    Kanji,
    /// 令和8年11月21日
    Reiwa,
}

impl DateForm {
    /// `date` written so. Before 令和 (May 2019) the western year stands.
    pub fn write(self, date: Date) -> String {
        let (year, month, day) = (date.year(), date.month(), date.day());
        match self {
            Self::Slash => format!("{year}/{month:02}/{day:02}"),
            Self::Hyphen => format!("{year}-{month:02}-{day:02}"),
            Self::Reiwa if date >= REIWA => format!("令和{}年{month}月{day}日", year - 2018),
            Self::Kanji | Self::Reiwa => format!("{year}年{month}月{day}日"),
        }
    }
}

impl Style {
    /// The plain one: as the field's facts describe the sample.
    pub fn plain() -> Self {
        Self {
            text_size: 10.5,
            value_spacing: 0.0,
            title_size: 15.0,
            side_margin: 62.0,
            end_margin: 60.0,
            label_share: 0.42,
            row_height: 21.0,
            wrap_labels: true,
            rules: Rules::Full,
            rule_weight: 0.75,
            label_shade: None,
            centred_values: false,
            captions: true,
            blocks_per_page: 2,
            page_numbers: true,
            addressed: true,
            dates: DateForm::Slash,
            printed_date: DateForm::Slash,
            range_sign: '～',
            spaced_range: true,
            full_width: false,
            grouped_ids: None,
            ids: IdStyle::PLAIN,
        }
    }

    /// A likely letter: what `seed` says, within what a printed form would look like.
    pub fn varied(seed: u64) -> Self {
        let mut random = Random::fork(seed, "style");
        let text_size = random.pick(&[9.0, 9.5, 10.0, 10.5, 10.5, 11.0, 12.0]);
        Self {
            text_size,
            value_spacing: random.pick(&[0.0, 0.0, 0.0, 0.02, 0.05]),
            title_size: random.within(13.0, 20.0),
            side_margin: random.within(42.0, 76.0),
            end_margin: random.within(42.0, 72.0),
            label_share: random.within(0.34, 0.5),
            row_height: text_size * random.within(1.7, 2.4),
            wrap_labels: !random.one_in(3),
            rules: Rules::Full,
            rule_weight: random.pick(&[0.3, 0.5, 0.75, 0.75, 1.0, 1.5]),
            label_shade: random.pick(&[None, None, Some(242), Some(230), Some(217)]),
            centred_values: random.one_in(4),
            captions: !random.one_in(3),
            blocks_per_page: random.between(2, 4) as usize,
            page_numbers: !random.one_in(4),
            addressed: !random.one_in(3),
            dates: DateForm::Slash,
            printed_date: random.pick(&[DateForm::Slash, DateForm::Slash, DateForm::Kanji]),
            range_sign: random.pick(&['~', '～', '〜', '-', '–']),
            spaced_range: !random.one_in(3),
            full_width: false,
            grouped_ids: None,
            ids: IdStyle::PLAIN,
        }
    }

    /// A letter of which a likely one's habits are broken: other dates, missing rules, wide or grouped IDs.
    pub fn unusual(seed: u64) -> Self {
        let mut random = Random::fork(seed, "unusual style");
        let mut style = Self::varied(seed);
        style.rules = random.pick(&[Rules::Full, Rules::Horizontal, Rules::Absent]);
        style.dates = random.pick(&[
            DateForm::Slash,
            DateForm::Hyphen,
            DateForm::Kanji,
            DateForm::Reiwa,
        ]);
        style.full_width = random.one_in(3);
        style.grouped_ids = random.one_in(3).then_some(5);
        style.value_spacing = random.within(0.0, 0.12);
        style
    }

    /// A likely letter whose IDs stand out: bold, larger, spaced or in groups.
    pub fn with_ids_set_apart(seed: u64) -> Self {
        let mut random = Random::fork(seed, "IDs set apart");
        let mut style = Self::varied(seed);
        style.grouped_ids = random.pick(&[None, None, Some(4), Some(5)]);
        style.ids = IdStyle {
            spacing: random.pick(&[0.0, 0.0, 0.05, 0.1, 0.2]),
            size: random.pick(&[1.0, 1.0, 1.0, 1.15, 1.3]),
            bold: random.one_in(3),
        };
        style
    }
}

const REIWA: Date = Date::constant(2019, 5, 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_on_paper() {
        let date = Date::constant(2026, 3, 9);
        assert_eq!(DateForm::Slash.write(date), "2026/03/09");
        assert_eq!(DateForm::Hyphen.write(date), "2026-03-09");
        assert_eq!(DateForm::Kanji.write(date), "2026年3月9日");
        assert_eq!(DateForm::Reiwa.write(date), "令和8年3月9日");
        assert_eq!(
            DateForm::Reiwa.write(Date::constant(2018, 1, 2)),
            "2018年1月2日"
        );
    }

    #[test]
    fn seeds_lead_to_different_looks() {
        assert_eq!(Style::varied(3), Style::varied(3));
        assert_ne!(Style::varied(3), Style::varied(4));
        let apart = |seed| Style::with_ids_set_apart(seed).ids;
        assert!((0..20).any(|seed| apart(seed) != IdStyle::PLAIN));
    }
}
