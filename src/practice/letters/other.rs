//! Pages that lie between letters: covers, invoices, blank backs, masked samples, other authorities' letters.
//!
//! None of them may ever be read as a notice.

use jiff::civil::Date;

use super::Scan;
use super::canvas::Canvas;
use super::draw::table::{Row, Table, Value};
use super::draw::{
    DEADLINE_LABEL, REFERENCE_LABEL, REQUEST_LABEL, Sheet, TITLE, Wording, draw_tables, range,
};
use super::font::Font;
use super::invent::Letter;
use super::random::Random;
use super::style::Style;

/// A sending note, as fax and scanner batches start with.
pub fn cover_page(letter: &Letter, style: &Style, font: &Font, dpi: u32) -> Scan {
    let mut sheet = Sheet::new(style, font, dpi);
    let size = style.text_size;
    sheet.right(&style.printed_date.write(letter.printed), size);
    sheet.left(&format!("{}　御中", letter.institution), size * 1.15);
    sheet.y += size * 3.0;
    sheet.centred("書類送付のご案内", style.title_size * 1.1);
    sheet.y += size * 2.0;
    for paragraph in [
        "いつもお世話になっております。",
        "下記の書類をお送りしますので、ご査収くださいますようお願いいたします。",
    ] {
        sheet.paragraph(paragraph, size);
    }
    sheet.y += size * 2.0;
    sheet.centred("記", size);
    sheet.y += size;
    let copies = letter.blocks.len();
    sheet.table(&Table::new(
        None,
        vec![
            Row::new(&["件名"], text("証明書取得のお知らせ")),
            Row::new(
                &["枚数"],
                text(&format!("本状を含め {} 枚", copies.div_ceil(2) + 1)),
            ),
            Row::new(&["担当"], text("練習用事務局　架空 花子")),
            Row::new(&["電話"], text("000-0000-0000")),
        ],
    ));
    sheet.right("以上", size);
    sheet.foot((1, 1));
    sheet.canvas.into_scan()
}

/// An invoice with a ruled table of numbers.
pub fn invoice(seed: u64, date: Date, style: &Style, font: &Font, dpi: u32) -> Scan {
    let mut random = Random::fork(seed, "invoice");
    let mut sheet = Sheet::new(style, font, dpi);
    let size = style.text_size;
    sheet.right(&format!("請求日 {}", style.printed_date.write(date)), size);
    sheet.right(
        &format!(
            "請求番号 {:05}-{:06}",
            random.below(100_000),
            random.below(1_000_000)
        ),
        size,
    );
    sheet.centred("御 請 求 書", style.title_size * 1.2);
    sheet.left("ひなた台内科クリニック　御中", size * 1.15);
    sheet.y += size;
    let mut total = 0;
    let mut rows: Vec<Row> = [
        "保守料",
        "用紙代",
        "トナー",
        "出張費",
        "設定作業",
        "回線使用料",
    ]
    .into_iter()
    .map(|item| {
        let amount = random.between(8, 950) * 100;
        total += amount;
        Row::new(&[item], Value::Unbroken(format!("¥{}", thousands(amount))))
    })
    .collect();
    rows.push(Row::new(
        &["合計"],
        Value::Unbroken(format!("¥{}", thousands(total))),
    ));
    rows.push(Row::new(
        &["登録番号"],
        Value::Unbroken(format!("T{:013}", random.bits() % 10_000_000_000_000)),
    ));
    rows.push(Row::new(&["お支払期限"], text(&style.dates.write(date))));
    sheet.table(&Table::new(None, rows));
    sheet.paragraph(
        "お振込手数料はご負担くださいますようお願いいたします。",
        size,
    );
    sheet.foot((1, 1));
    sheet.canvas.into_scan()
}

/// Nothing but paper.
pub fn blank_page(dpi: u32) -> Scan {
    Canvas::a4(dpi).into_scan()
}

/// The letter as a sample in a guide: IDs masked with 〇, by the letter's seed everything else as well.
pub fn masked_sample(letter: &Letter, style: &Style, font: &Font, dpi: u32) -> Scan {
    let all = letter.seed.is_multiple_of(2);
    let circles = |count: usize| "〇".repeat(count);
    let masked_date = || "20〇〇/〇〇/〇〇".to_owned();
    let date = |date: Date| match all {
        true => masked_date(),
        false => style.dates.write(date),
    };
    let tables: Vec<Table> = letter
        .blocks
        .iter()
        .enumerate()
        .map(|(i, block)| {
            let code = match all {
                true => circles(10),
                false => block.institution_code.to_string(),
            };
            let rows = vec![
                Row::new(
                    &["発行者"],
                    Value::Words("Online Billing NW Common Root 〇〇-〇〇".into()),
                ),
                Row::new(&["発行先"], Value::Unbroken(code)),
                Row::new(&["端末名称"], text(&format!("〇〇薬局{}号機", i + 1))),
                Row::new(REQUEST_LABEL, Value::Unbroken(circles(15))),
                Row::new(REFERENCE_LABEL, Value::Unbroken(circles(10))),
                Row::new(
                    &["電子証明書有効期間"],
                    range(&date(block.valid_from), &date(block.valid_to), style),
                ),
                Row::new(
                    DEADLINE_LABEL,
                    Value::Unbroken(date(block.retrieval_deadline)),
                ),
            ];
            Table::new(style.captions.then(|| format!("{}台目", i + 1)), rows)
        })
        .collect();
    let wording = Wording {
        date: masked_date(),
        addressee: None,
        sender: Vec::new(),
        title: format!("{TITLE}（見本）"),
        lead: "お手元に届く書面の見本です。".to_owned(),
        notes: vec!["注1　〇の部分には実際の値が印字されます。".to_owned()],
    };
    first_page(&tables, &wording, style, font, dpi)
}

/// A letter of the authority before the present one (domain fact 3), in invented wording.
pub fn old_authority_letter(letter: &Letter, style: &Style, font: &Font, dpi: u32) -> Scan {
    let mut random = Random::fork(letter.seed, "old authority");
    let tables: Vec<Table> = letter
        .blocks
        .iter()
        .map(|block| {
            let from = style.dates.write(block.valid_from);
            let to = style.dates.write(block.valid_to);
            let receipt = random.bits() % 1_000_000_000_000;
            Table::new(
                None,
                vec![
                    Row::new(&["発行者"], text("オンライン請求システム専用認証局")),
                    Row::new(
                        &["発行先"],
                        Value::Unbroken(block.institution_code.to_string()),
                    ),
                    Row::new(&["端末名称"], text(block.terminal_name.as_str())),
                    Row::new(&["受付番号"], Value::Unbroken(format!("{receipt:012}"))),
                    Row::new(&["有効期間"], range(&from, &to, style)),
                    Row::new(
                        &["ダウンロード期限"],
                        Value::Unbroken(style.dates.write(block.retrieval_deadline)),
                    ),
                ],
            )
        })
        .collect();
    let wording = Wording {
        date: style.printed_date.write(letter.printed),
        addressee: Some(format!("{}　御中", letter.institution)),
        sender: vec!["旧認証局窓口（練習用）".to_owned()],
        title: "電子証明書発行のお知らせ".to_owned(),
        lead: "オンライン請求システム専用認証局の電子証明書を発行しました。".to_owned(),
        notes: vec!["注　証明書の更新は有効期間内にお申し込みください。".to_owned()],
    };
    first_page(&tables, &wording, style, font, dpi)
}

/// Another service's letter: 介護電子請求, in invented wording.
pub fn kaigo_letter(letter: &Letter, style: &Style, font: &Font, dpi: u32) -> Scan {
    let mut random = Random::fork(letter.seed, "kaigo");
    let from = style.dates.write(letter.printed);
    let rows = vec![
        Row::new(&["サービス名"], text("介護電子請求受付システム")),
        Row::new(
            &["事業所番号"],
            Value::Unbroken(format!("{:010}", random.bits() % 10_000_000_000)),
        ),
        Row::new(
            &["ユーザID"],
            Value::Unbroken(format!("KJ{:012}", random.bits() % 1_000_000_000_000)),
        ),
        Row::new(
            &["仮パスワード"],
            Value::Unbroken(format!("{:08}", random.below(100_000_000))),
        ),
        Row::new(
            &["証明書発行用パスワード"],
            Value::Unbroken("〇〇〇〇〇〇".to_owned()),
        ),
        Row::new(&["利用開始日"], Value::Unbroken(from)),
    ];
    let wording = Wording {
        date: style.printed_date.write(letter.printed),
        addressee: Some("すみれ原訪問介護事業所　御中".to_owned()),
        sender: vec!["介護請求窓口（練習用）".to_owned()],
        title: "電子請求登録結果のお知らせ".to_owned(),
        lead: "介護電子請求受付システムへの登録が完了しました。".to_owned(),
        notes: vec!["注　ログイン後、仮パスワードを変更してください。".to_owned()],
    };
    first_page(&[Table::new(None, rows)], &wording, style, font, dpi)
}

fn first_page(tables: &[Table], wording: &Wording, style: &Style, font: &Font, dpi: u32) -> Scan {
    draw_tables(tables, wording, style, font, dpi)
        .into_iter()
        .next()
        .map_or_else(|| blank_page(dpi), |page| page.scan)
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn thousands(amount: u32) -> String {
    let digits = amount.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rules;

    #[test]
    fn every_other_page_is_an_a4_page_with_ink_and_the_blank_one_has_none() {
        let today = Date::constant(2026, 11, 21);
        let letter = Letter::invent(3, 2, today, &Rules::default());
        let (style, font) = (Style::plain(), Font::embedded());
        let pages = [
            cover_page(&letter, &style, &font, 72),
            invoice(3, today, &style, &font, 72),
            masked_sample(&letter, &style, &font, 72),
            old_authority_letter(&letter, &style, &font, 72),
            kaigo_letter(&letter, &style, &font, 72),
        ];
        let inked = |scan: &Scan| scan.image.pixels().any(|p| p.0[0] < 100);
        for page in &pages {
            assert_eq!(page.image.dimensions(), (595, 842));
            assert!(inked(page));
        }
        assert!(!inked(&blank_page(72)));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(950), "950");
        assert_eq!(thousands(1_234_500), "1,234,500");
    }
}
