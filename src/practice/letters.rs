//! Invented letters: what a 電子証明書発行通知書 may look like on a scanner's glass, for demo, fixtures and tests.
//!
//! Everything is a function of a seed, a day and a font: the same call gives the same bytes on every
//! machine, and nothing here reads a clock. Clinics, codes and IDs are invented; every page says so in
//! small print. The wording of notes and covering text is our own, only the labels are the letter's
//! (domain fact 12).
//!
//! ```text
//! Letter::invent → draw → Grade::apply → encode_png | encode_jpeg | encode_tiff | encode_pdf
//! ```

mod canvas;
mod damage;
mod draw;
mod encode;
mod font;
mod forms;
mod invent;
mod other;
mod photo;
mod random;
mod spread;
mod style;
mod truth;
mod wear;

pub use damage::{Grade, Turn, askew, bilevel, fax, office, turn};
pub use draw::{Page, draw};
pub use encode::{EncodeError, PdfPage, encode_jpeg, encode_pdf, encode_png, encode_tiff_g4};
pub use font::{Faces, Font, FontError};
pub use forms::{OtherForm, draw_in_other_form};
pub use invent::{Block, Issuer, Letter};
pub use other::{
    blank_page, cover_page, invoice, kaigo_letter, masked_sample, old_authority_letter,
};
pub use photo::{close_photo, curled_photo, photo};
pub use random::Random;
pub use spread::{one_above_other, side_by_side};
pub use style::{DateForm, IdStyle, Rules, Style};
pub use truth::{PageWithoutNotice, Sheet, Truth};

use image::GrayImage;

/// One page as a scanner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// 8-bit grey, 0 is ink.
    pub image: GrayImage,
    /// Dots per inch, across and down; a fax has two different ones.
    pub dpi: (u32, u32),
}
