//! Files, pages and readers, in words.

use crate::domain::Text;
use crate::intake::document::{DocumentError, OtherKind};
use crate::intake::reader::ReaderError;
use crate::intake::{FileNotRead, IntakeError};

use super::{ExitKind, Explanation};

/// Why one file or page was not read: what happened and what to do, as one text.
pub fn file_not_read(file: &FileNotRead) -> Text {
    let Explanation { what, next, .. } = explain(&file.error);
    let (page_ja, page_en) = match file.page {
        // Most errors of a page name it themselves.
        Some(page) if !what.ja.contains(&format!("{page}枚目")) => {
            (format!("{page}枚目: "), format!("page {page}: "))
        }
        _ => (String::new(), String::new()),
    };
    Text::new(
        format!("{page_ja}{}{}", what.ja, next.ja),
        format!("{page_en}{} {}", what.en, next.en),
    )
}

pub fn explain(error: &IntakeError) -> Explanation {
    let (what, next) = match error {
        IntakeError::Document(error) => document(error),
        IntakeError::Reader(error) => reader(error),
        IntakeError::BrokeOff => (
            Text::new(
                "このページの読み取りの途中で noticert の誤りが起きました。",
                "A fault of noticert broke off the reading of this page.",
            ),
            Text::new(
                "用紙から noticert add で入力してください。",
                "Key the letter from the paper with noticert add.",
            ),
        ),
        IntakeError::TooManyPages { read, skipped } => (
            Text::new(
                format!(
                    "ページが多すぎるため、最初の{read}枚だけを読みました（残り{skipped}枚は読んでいません）。"
                ),
                format!("Too many pages: the first {read} were read, {skipped} were not."),
            ),
            Text::new(
                "ファイルを分けるか、設定の limits.pages_per_file を上げてください。",
                "Split the file, or raise limits.pages_per_file in the configuration.",
            ),
        ),
    };
    Explanation::new(
        what,
        Text::new(
            "このファイルからは記録していません。",
            "Nothing was recorded from this file.",
        ),
        next,
    )
}

pub fn exit_kind(error: &IntakeError) -> ExitKind {
    match error {
        IntakeError::Document(_) | IntakeError::BrokeOff | IntakeError::TooManyPages { .. } => {
            ExitKind::PersonMustLook
        }
        // Without language data nothing at all can be read: the machine has to be set up first.
        IntakeError::Reader(_) => ExitKind::Usage,
    }
}

fn document(error: &DocumentError) -> (Text, Text) {
    let rescan = || {
        Text::new(
            "もう一度スキャンするか、元のファイルをコピーし直してください。",
            "Scan it again, or copy the original again.",
        )
    };
    let as_page = |page: &Option<u32>| match page {
        Some(page) => (format!("（{page}枚目）"), format!(" (page {page})")),
        None => (String::new(), String::new()),
    };
    match error {
        DocumentError::Unreadable { source } => (
            Text::new(
                format!("ファイルを読めません（{source}）。"),
                format!("The file cannot be read ({source})."),
            ),
            Text::new(
                "名前・場所・読み取りの権限を確かめてください。",
                "Check its name, place and read permission.",
            ),
        ),
        DocumentError::IsDirectory => (
            Text::new("これはフォルダーです。", "This is a folder."),
            Text::new("中のファイルを指定してください。", "Name the files in it."),
        ),
        DocumentError::Empty => (
            Text::new("ファイルが空です（0バイト）。", "The file is empty."),
            rescan(),
        ),
        DocumentError::UnknownKind { looks_like } => unknown_kind(*looks_like),
        DocumentError::Truncated { page } => {
            let (ja, en) = as_page(page);
            (
                Text::new(
                    format!("ファイルが途中で切れています{ja}。"),
                    format!("The file ends too early{en}."),
                ),
                rescan(),
            )
        }
        DocumentError::Damaged { page, .. } => {
            let (ja, en) = as_page(page);
            (
                Text::new(
                    format!("ファイルが壊れています{ja}。"),
                    format!("The file is damaged{en}."),
                ),
                rescan(),
            )
        }
        DocumentError::Encrypted => (
            Text::new(
                "パスワードで保護された PDF です。",
                "The PDF is protected by a password.",
            ),
            Text::new(
                "パスワードを外した PDF か、スキャンした画像にしてください。",
                "Save it without the password, or scan the paper.",
            ),
        ),
        DocumentError::FileTooLarge { limit } => (
            Text::new(
                format!("ファイルが大きすぎます（上限 {limit} MB）。"),
                format!("The file has more than {limit} MB."),
            ),
            Text::new(
                "ファイルを分けるか、設定の limits.megabytes_per_file を上げてください。",
                "Split it, or raise limits.megabytes_per_file in the configuration.",
            ),
        ),
        DocumentError::UnpacksTooLarge { limit } => (
            Text::new(
                format!(
                    "ファイルの中に、展開すると {limit} MB を超える部分があります。スキャンした書類ではこうなりません。"
                ),
                format!(
                    "A part of the file unpacks to more than {limit} MB; scanned papers do not."
                ),
            ),
            Text::new(
                "出所を確かめてください。正しいファイルなら、用紙を300dpiで読み取り直すか、設定の limits.megapixels_per_page を上げてください。",
                "Make sure where it comes from. If it is right, scan the paper again at 300 dpi, or raise limits.megapixels_per_page in the configuration.",
            ),
        ),
        DocumentError::PageTooLarge {
            page,
            megapixels,
            limit,
        } => (
            Text::new(
                format!("{page}枚目が大きすぎます（{megapixels}メガピクセル、上限 {limit}）。"),
                format!("Page {page} has {megapixels} megapixels, more than {limit}."),
            ),
            Text::new(
                "300 dpi でスキャンし直すか、設定の limits.megapixels_per_page を上げてください。",
                "Scan it at 300 dpi, or raise limits.megapixels_per_page in the configuration.",
            ),
        ),
        DocumentError::Unsupported { page, feature } => (
            Text::new(
                format!("{page}枚目の保存形式（{feature}）は読めません。"),
                format!("Page {page} is stored in a way that is not supported ({feature})."),
            ),
            Text::new(
                "PNG、JPEG、TIFF、PDF のいずれかで保存し直してください。",
                "Save it as PNG, JPEG, TIFF or PDF.",
            ),
        ),
        DocumentError::NoPages => (
            Text::new("ページのないファイルです。", "The file has no page."),
            rescan(),
        ),
        DocumentError::NoSuchPage { number, pages } => (
            Text::new(
                format!("{number}枚目はありません（全{pages}枚）。"),
                format!("There is no page {number} of {pages}."),
            ),
            rescan(),
        ),
    }
}

fn unknown_kind(looks_like: Option<OtherKind>) -> (Text, Text) {
    let save = Text::new(
        "PNG、JPEG、TIFF、PDF のいずれかにしてください。",
        "Use PNG, JPEG, TIFF or PDF.",
    );
    let (ja, en) = match looks_like {
        Some(OtherKind::Heic) => {
            return (
                Text::new(
                    "HEIC 形式の写真は読めません。",
                    "HEIC photographs cannot be read.",
                ),
                Text::new(
                    "iPhone なら 設定 → カメラ → フォーマット → 互換性優先 にして撮り直すか、写真を JPEG で書き出してください。",
                    "On an iPhone set Camera → Formats → Most Compatible and take it again, or export it as JPEG.",
                ),
            );
        }
        Some(OtherKind::Gif) => ("GIF", "GIF"),
        Some(OtherKind::Jpeg2000) => ("JPEG 2000", "JPEG 2000"),
        Some(OtherKind::JpegXl) => ("JPEG XL", "JPEG XL"),
        Some(OtherKind::OfficeOrZip) => ("Word・Excel などまたは ZIP", "Word, Excel or ZIP"),
        Some(OtherKind::Text) => ("文字", "text"),
        None => ("不明", "unknown"),
    };
    (
        Text::new(
            format!("画像・TIFF・PDF ではない形式のファイルです（{ja}）。"),
            format!("The file is no image, TIFF or PDF ({en})."),
        ),
        save,
    )
}

fn reader(error: &ReaderError) -> (Text, Text) {
    match error {
        ReaderError::NoLanguageData { language, .. } => (
            Text::new(
                format!("Tesseract の言語データ {language} がありません。"),
                format!("Tesseract's language data {language} is missing."),
            ),
            Text::new(
                format!("sudo apt-get install tesseract-ocr-{language} を実行してください。"),
                format!("Run: sudo apt-get install tesseract-ocr-{language}"),
            ),
        ),
        ReaderError::UnusableLanguageData { language } => (
            Text::new(
                format!("Tesseract の言語データ {language} を使えません。"),
                format!("Tesseract's language data {language} cannot be used."),
            ),
            Text::new(
                format!(
                    "sudo apt-get install --reinstall tesseract-ocr-{language} を実行してください。"
                ),
                format!("Run: sudo apt-get install --reinstall tesseract-ocr-{language}"),
            ),
        ),
        ReaderError::NoAnswer { language } => (
            Text::new(
                format!("文字の読み取り（{language}）が応答しません。"),
                format!("The line reader {language} gave no answer."),
            ),
            Text::new("もう一度実行してください。", "Run the command again."),
        ),
    }
}
