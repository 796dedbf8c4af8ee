//! What the machine read from a page, before anybody confirmed it.

use std::fmt;

use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretBox};

use super::{
    ConfirmedBy, InstitutionCode, Issuance, ReferenceId, RequestId, ReviewedIssuance, TerminalName,
    Text, Validity,
};

/// The fields of one block of the letter, by their names in JSON, CSV and the ledger.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Field {
    /// 発行者
    Issuer,
    /// 発行先
    InstitutionCode,
    /// 端末名称
    TerminalName,
    /// リクエストID
    RequestId,
    /// リファレンスID
    ReferenceId,
    /// 有効期間, first day
    ValidFrom,
    /// 有効期間, last day
    ValidTo,
    /// ダウンロードサイト有効期限
    RetrievalDeadline,
}

impl Field {
    /// Every field, in the letter's order.
    pub const ALL: [Self; 8] = [
        Self::Issuer,
        Self::InstitutionCode,
        Self::TerminalName,
        Self::RequestId,
        Self::ReferenceId,
        Self::ValidFrom,
        Self::ValidTo,
        Self::RetrievalDeadline,
    ];

    /// The stable name used in JSON, CSV and the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::InstitutionCode => "institution_code",
            Self::TerminalName => "terminal_name",
            Self::RequestId => "request_id",
            Self::ReferenceId => "reference_id",
            Self::ValidFrom => "valid_from",
            Self::ValidTo => "valid_to",
            Self::RetrievalDeadline => "retrieval_deadline",
        }
    }

    /// What people call it.
    pub fn title(self) -> Text {
        match self {
            Self::Issuer => Text::new("発行者", "issuer"),
            Self::InstitutionCode => Text::new("発行先（医療機関等コード）", "institution code"),
            Self::TerminalName => Text::new("端末名称", "terminal name"),
            Self::RequestId => Text::new("リクエストID", "request ID"),
            Self::ReferenceId => Text::new("リファレンスID", "reference ID"),
            Self::ValidFrom => Text::new("有効期間の開始日", "first day of validity"),
            Self::ValidTo => Text::new("有効期間の終了日", "last day of validity"),
            Self::RetrievalDeadline => {
                Text::new("ダウンロードサイト有効期限", "retrieval deadline")
            }
        }
    }

    /// A sheet is accepted when these are; doubts about the others are problems noted.
    pub fn is_essential(self) -> bool {
        matches!(
            self,
            Self::InstitutionCode
                | Self::RequestId
                | Self::ReferenceId
                | Self::ValidFrom
                | Self::ValidTo
        )
    }
}

/// Where a field or a sheet stands after reading.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Status {
    /// Two readings and the rules agree.
    Accepted,
    /// A person must look.
    Review,
    /// Not usable: nothing there, masked, or not a value of this field.
    Rejected,
}

impl Status {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Review => "review",
            Self::Rejected => "rejected",
        }
    }
}

/// A rectangle on the upright page, in pixels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct BoundingBox {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// A cut-out of the page that shows one value: 8-bit grey, row by row. It shows the secret, so it is one.
pub struct Crop {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    pixels: SecretBox<Vec<u8>>,
}

impl Crop {
    /// A crop of `width * height` grey pixels; `None` when the count differs.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Option<Self> {
        (pixels.len() == width as usize * height as usize).then(|| Self {
            width,
            height,
            pixels: SecretBox::new(Box::new(pixels)),
        })
    }

    /// The pixels; callers are listed in `tests/layers.rs`.
    pub fn expose(&self) -> &[u8] {
        self.pixels.expose_secret()
    }
}

impl Clone for Crop {
    fn clone(&self) -> Self {
        Self {
            width: self.width,
            height: self.height,
            pixels: SecretBox::new(Box::new(self.expose().to_vec())),
        }
    }
}

impl fmt::Debug for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crop({} x {})", self.width, self.height)
    }
}

/// One character of a reading.
#[derive(Clone)]
pub struct CharacterReading {
    /// What was read.
    pub character: char,
    /// 0 to 1.
    pub confidence: f32,
    /// What else it may be: other readings and look-alikes, likeliest first.
    pub alternatives: Vec<char>,
}

impl fmt::Debug for CharacterReading {
    /// The character may belong to a secret: only its confidence is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CharacterReading({:.3})", self.confidence)
    }
}

/// Why a field was not accepted, or what was noted about it. `code` is stable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Doubt {
    /// For instance `readings-differ`, `look-alike`, `low-confidence`, `deadline-rule`.
    pub code: &'static str,
    /// For people. Never holds a character of a secret.
    pub text: Text,
}

/// The reading of one field.
#[derive(Clone, Debug)]
pub struct FieldReading<T> {
    /// The value; `None` when nothing of this field's form was read.
    pub value: Option<T>,
    /// 0 to 1: the least sure character.
    pub confidence: f32,
    /// Where it stands.
    pub status: Status,
    /// One entry per character as printed, first reading.
    pub characters: Vec<CharacterReading>,
    /// Why it was not accepted.
    pub doubts: Vec<Doubt>,
    /// Where it lies on the upright page.
    pub bounding_box: Option<BoundingBox>,
    /// How it looks.
    pub crop: Option<Crop>,
}

impl<T> FieldReading<T> {
    /// A field that was not found.
    pub fn missing(doubt: Doubt) -> Self {
        Self {
            value: None,
            confidence: 0.0,
            status: Status::Review,
            characters: Vec::new(),
            doubts: vec![doubt],
            bounding_box: None,
            crop: None,
        }
    }
}

/// A remark on a sheet. `code` is stable, the text is for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// For instance `deadline-rule`, `validity-rule`, `luhn`, `deadline-passed`, `issuer-differs`, `duplicate`.
    pub code: &'static str,
    /// For people.
    pub text: Text,
}

/// One of several sheets on one page of a file: two letters on an A3 glass, sheets in one long picture.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Part {
    /// Which sheet, from 1, in the order of reading.
    pub number: u32,
    /// How many sheets there are.
    pub of: u32,
    /// Whether they lie side by side (otherwise one above the other).
    pub beside: bool,
}

impl Part {
    /// Its stable name: `left`, `right`, `upper`, `lower`, or `2/3`.
    pub fn name(&self) -> String {
        match (self.of, self.number, self.beside) {
            (2, 1, true) => "left".to_owned(),
            (2, 2, true) => "right".to_owned(),
            (2, 1, false) => "upper".to_owned(),
            (2, 2, false) => "lower".to_owned(),
            (of, number, _) => format!("{number}/{of}"),
        }
    }

    /// Where it lies, for people.
    pub fn place(&self) -> Text {
        let number = self.number;
        match (self.of, number, self.beside) {
            (2, 1, true) => Text::new("左側", "left side"),
            (2, 2, true) => Text::new("右側", "right side"),
            (2, 1, false) => Text::new("上側", "upper side"),
            (2, 2, false) => Text::new("下側", "lower side"),
            (_, _, true) => Text::new(
                format!("左から{number}番目"),
                format!("number {number} from the left"),
            ),
            (_, _, false) => Text::new(
                format!("上から{number}番目"),
                format!("number {number} from the top"),
            ),
        }
    }
}

/// The reading of one block: one terminal.
#[derive(Clone, Debug)]
pub struct IssuanceReading {
    /// The file as named by the caller.
    pub source: String,
    /// Page in the file, from 1.
    pub page: u32,
    /// Block on the page, from 1; on a page of several sheets it goes on from sheet to sheet.
    pub index: u32,
    /// The sheet that it stands on, where one page of the file shows several.
    pub part: Option<Part>,
    /// Accepted when every essential field is.
    pub status: Status,
    /// 発行者
    pub issuer: FieldReading<String>,
    /// 発行先
    pub institution_code: FieldReading<InstitutionCode>,
    /// 端末名称
    pub terminal_name: FieldReading<TerminalName>,
    /// リクエストID
    pub request_id: FieldReading<RequestId>,
    /// リファレンスID
    pub reference_id: FieldReading<ReferenceId>,
    /// 有効期間, first day
    pub valid_from: FieldReading<Date>,
    /// 有効期間, last day
    pub valid_to: FieldReading<Date>,
    /// ダウンロードサイト有効期限
    pub retrieval_deadline: FieldReading<Date>,
    /// Remarks on the sheet.
    pub problems: Vec<Problem>,
}

impl IssuanceReading {
    /// The judge's confirmation: two readings and the rules agreed on every essential field.
    ///
    /// `deadline` stands in where the letter's own was doubtful. `None` unless the sheet is accepted.
    pub fn accept(&self, deadline: Option<Date>) -> Option<ReviewedIssuance> {
        if self.status != Status::Accepted {
            return None;
        }
        let accepted_deadline = match self.retrieval_deadline.status {
            Status::Accepted => self.retrieval_deadline.value,
            Status::Review | Status::Rejected => None,
        };
        let issuance = Issuance {
            issuer: self.issuer.value.clone(),
            institution_code: accepted(&self.institution_code)?,
            terminal_name: self.terminal_name.value.clone(),
            request_id: accepted(&self.request_id)?,
            reference_id: accepted(&self.reference_id)?,
            validity: Validity::new(accepted(&self.valid_from)?, accepted(&self.valid_to)?).ok()?,
            retrieval_deadline: accepted_deadline.or(deadline)?,
        };
        Some(ReviewedIssuance::attest(issuance, ConfirmedBy::Judge))
    }
}

fn accepted<T: Clone>(field: &FieldReading<T>) -> Option<T> {
    match field.status {
        Status::Accepted => field.value.clone(),
        Status::Review | Status::Rejected => None,
    }
}

/// A page on which no notice was found, named with the reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageWithoutNotice {
    /// The file as named by the caller.
    pub source: String,
    /// Page in the file, from 1.
    pub page: u32,
    /// The sheet, where one page of the file shows several.
    pub part: Option<Part>,
    /// `blank`, `foreign`, `cover`, `masked`, … stable.
    pub code: &'static str,
    /// For people.
    pub reason: Text,
}

impl PageWithoutNotice {
    /// Whether it may be a notice all the same, so that a person must look at it.
    pub fn may_be_a_notice(&self) -> bool {
        matches!(self.code, "poor-picture" | "unread-notice")
    }
}

/// A file that could not be read, named with the reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnreadFile {
    /// The file as named by the caller.
    pub source: String,
    /// For people: what happened, what to do.
    pub reason: Text,
}
