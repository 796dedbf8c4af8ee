//! How one doubtful field is settled with a person.
//!
//! The two IDs are keyed blind: the reading is not shown, because a person who merely looks over a proposed
//! value finds hardly any error. The machine was the first typist; equal entries settle the value. When they
//! differ, the picture is shown and the person keys once more from the paper; neither side is ever taken in
//! silence, and the program never says where the two differ, so nobody can just make them match.

use secrecy::{ExposeSecret, SecretString};

use crate::domain::{
    Crop, Field, InstitutionCode, ReferenceId, RequestId, TerminalName, Text, fold_typed, grouped,
};
use crate::intake::fields::dates::one_date;

use super::person::{About, Person, PersonError, Question};

/// A field that waits for a person.
pub struct OpenField {
    /// Which, and where it stands.
    pub about: About,
    /// What was read, if anything of this form.
    pub reading: Option<SecretString>,
    /// Positions of the doubtful characters in the reading, from 0.
    pub doubtful: Vec<usize>,
    /// Why it is doubtful.
    pub reasons: Vec<Text>,
    /// How it looks on the page.
    pub crop: Option<Crop>,
}

/// How it ended.
pub enum Settled {
    /// The value in its canonical form.
    Value(SecretString),
    /// The person put it off.
    PutOff,
}

/// Asks until the field is settled or put off.
pub fn settle(person: &mut dyn Person, open: &OpenField) -> Result<Settled, PersonError> {
    match open.about.field {
        Field::RequestId | Field::ReferenceId => settle_blind(person, open),
        _ => settle_seen(person, open),
    }
}

/// The canonical form of what was typed for `field`, or why it has the wrong form.
pub fn canonical(field: Field, typed: &str) -> Result<SecretString, Text> {
    let text = match field {
        Field::RequestId => fold_typed(typed)
            .parse::<RequestId>()
            .map(|id| id.to_string())
            .map_err(|_| {
                Text::new(
                    "リクエストIDは数字15桁です。",
                    "a request ID has 15 digits.",
                )
            })?,
        Field::ReferenceId => fold_typed(typed)
            .parse::<ReferenceId>()
            // Exposed to be kept as the secret value of this field.
            .map(|id| id.expose().to_owned())
            .map_err(|_| {
                Text::new(
                    "リファレンスIDは英数字8～16文字（通常10文字）です。",
                    "a reference ID has 8 to 16 letters and digits, usually 10.",
                )
            })?,
        Field::InstitutionCode => fold_typed(typed)
            .parse::<InstitutionCode>()
            .map(|code| code.to_string())
            .map_err(|_| {
                Text::new(
                    "発行先は数字10桁（保険者は8桁）です。",
                    "an institution code has 10 digits, an insurer's 8.",
                )
            })?,
        Field::TerminalName => typed
            .parse::<TerminalName>()
            .map(|name| name.to_string())
            .map_err(|_| {
                Text::new(
                    "端末名称を100文字以内で入力してください。",
                    "type the terminal name, at most 100 characters.",
                )
            })?,
        Field::Issuer => typed.trim().to_owned(),
        Field::ValidFrom | Field::ValidTo | Field::RetrievalDeadline => one_date(typed)
            .map(|date| date.to_string())
            .ok_or_else(|| {
                Text::new(
                    "日付は 2026/11/21 のように入力してください。",
                    "type the date like 2026/11/21.",
                )
            })?,
    };
    Ok(SecretString::from(text))
}

fn settle_blind(person: &mut dyn Person, open: &OpenField) -> Result<Settled, PersonError> {
    let title = open.about.field.title();
    let mut prompt = Text::new(
        format!(
            "用紙の【{}】を入力（読み取り値は見せません。空のまま Enter で後回し）:",
            title.ja
        ),
        format!(
            "Key the {} from the paper (the reading stays hidden; empty puts it off):",
            title.en
        ),
    );
    let mut earlier: Option<SecretString> = None;
    loop {
        let Some(typed) = key_well_formed(person, &open.about, &prompt)? else {
            return Ok(Settled::PutOff);
        };
        if same(open.reading.as_ref(), &typed) || same(earlier.as_ref(), &typed) {
            return Ok(Settled::Value(typed));
        }
        match &open.crop {
            Some(crop) if open.reading.is_some() => {
                person.tell(&Text::new(
                    "読み取りと入力が一致しません。下の画像と用紙をよく見てください。",
                    "The reading and your entry differ. Look closely at the picture and the paper.",
                ));
                person.show(crop, &title);
            }
            Some(crop) => person.show(crop, &title),
            None => {}
        }
        prompt = Text::new(
            format!("もう一度【{}】を用紙から入力:", title.ja),
            format!("Key the {} from the paper once more:", title.en),
        );
        earlier = Some(typed);
    }
}

fn settle_seen(person: &mut dyn Person, open: &OpenField) -> Result<Settled, PersonError> {
    let title = open.about.field.title();
    if let Some(reading) = &open.reading {
        // Shown because this field is no secret and the person is to compare it.
        let marked = marked(reading.expose_secret(), &open.doubtful);
        person.tell(&Text::new(
            format!("{} の読み取り: {marked}", title.ja),
            format!("{} was read as: {marked}", title.en),
        ));
    }
    for reason in &open.reasons {
        person.tell(&Text::new(
            format!("  理由: {}", reason.ja),
            format!("  reason: {}", reason.en),
        ));
    }
    if let Some(crop) = &open.crop {
        person.show(crop, &title);
    }
    let (empty_ja, empty_en) = match (open.about.field.is_essential(), &open.reading) {
        (false, Some(_)) => ("読み取りのまま", "keeps the reading"),
        (false, None) => ("なし", "leaves it out"),
        (true, _) => ("後回し", "puts it off"),
    };
    let prompt = Text::new(
        format!(
            "用紙の【{}】を入力（空のまま Enter で{empty_ja}）:",
            title.ja
        ),
        format!("Key the {} from the paper (empty {empty_en}):", title.en),
    );
    Ok(match key_well_formed(person, &open.about, &prompt)? {
        Some(value) => Settled::Value(value),
        None => Settled::PutOff,
    })
}

/// Asks until the answer has the field's form; `None` for an empty one.
fn key_well_formed(
    person: &mut dyn Person,
    about: &About,
    prompt: &Text,
) -> Result<Option<SecretString>, PersonError> {
    let question = Question {
        prompt: prompt.clone(),
        about: Some(about.clone()),
    };
    loop {
        let typed = person.key(&question)?;
        // Exposed to be parsed.
        if typed.expose_secret().trim().is_empty() {
            return Ok(None);
        }
        match canonical(about.field, typed.expose_secret()) {
            Ok(value) => return Ok(Some(value)),
            Err(form) => person.tell(&form),
        }
    }
}

fn same(other: Option<&SecretString>, value: &SecretString) -> bool {
    // Exposed to be compared.
    other.is_some_and(|other| other.expose_secret() == value.expose_secret())
}

/// The reading with its doubtful characters in brackets; numbers in groups of five stay readable.
fn marked(reading: &str, doubtful: &[usize]) -> String {
    if doubtful.is_empty() && reading.len() > 5 && reading.bytes().all(|b| b.is_ascii_digit()) {
        return grouped(reading);
    }
    reading
        .chars()
        .enumerate()
        .map(|(at, c)| match doubtful.contains(&at) {
            true => format!("[{c}]"),
            false => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    struct Typist {
        answers: VecDeque<&'static str>,
        told: Vec<String>,
        pictures: usize,
    }

    impl Typist {
        fn typing(answers: &[&'static str]) -> Self {
            Self {
                answers: answers.iter().copied().collect(),
                told: Vec::new(),
                pictures: 0,
            }
        }
    }

    impl Person for Typist {
        fn is_present(&self) -> bool {
            true
        }
        fn tell(&mut self, message: &Text) {
            self.told.push(message.ja.clone());
        }
        fn key(&mut self, question: &Question) -> Result<SecretString, PersonError> {
            self.told.push(question.prompt.ja.clone());
            self.answers
                .pop_front()
                .map(SecretString::from)
                .ok_or(PersonError::BrokenOff)
        }
        fn key_hidden(&mut self, prompt: &Text) -> Result<SecretString, PersonError> {
            panic!("{} is no secret prompt", prompt.en)
        }
        fn show(&mut self, _: &Crop, _: &Text) {
            self.pictures += 1;
        }
    }

    fn open(field: Field, reading: Option<&str>) -> OpenField {
        OpenField {
            about: About {
                source: "letter.png".to_owned(),
                page: 1,
                index: 1,
                field,
            },
            reading: reading.map(SecretString::from),
            doubtful: vec![4],
            reasons: Vec::new(),
            crop: Crop::new(2, 1, vec![0, 255]),
        }
    }

    fn value(settled: Settled) -> String {
        match settled {
            Settled::Value(value) => value.expose_secret().to_owned(),
            Settled::PutOff => "put off".to_owned(),
        }
    }

    #[test]
    fn a_blind_entry_equal_to_the_reading_settles_it_without_a_picture() {
        let mut typist = Typist::typing(&["ＡＢ０ＣＤ ef234"]);
        let settled = settle(&mut typist, &open(Field::ReferenceId, Some("AB0CDef234"))).unwrap();
        assert_eq!(value(settled), "AB0CDef234");
        assert_eq!(typist.pictures, 0);
        assert!(
            !typist.told.concat().contains("AB0CDef234"),
            "the reading was shown"
        );
    }

    #[test]
    fn a_mismatch_is_settled_at_the_picture_and_never_by_one_entry() {
        let mut typist = Typist::typing(&["ABOCDef234", "AB0CDef234"]);
        let settled = settle(&mut typist, &open(Field::ReferenceId, Some("AB0CDef234"))).unwrap();
        assert_eq!(value(settled), "AB0CDef234");
        assert_eq!(typist.pictures, 1);

        let mut typist = Typist::typing(&["ABOCDef234", "ABOCDef234"]);
        let settled = settle(&mut typist, &open(Field::ReferenceId, Some("AB0CDef234"))).unwrap();
        assert_eq!(value(settled), "ABOCDef234");
        assert_eq!(typist.pictures, 1);
    }

    #[test]
    fn without_a_reading_the_person_keys_it_twice() {
        let mut typist = Typist::typing(&["123456789012345", "123456789012346", "123456789012346"]);
        let settled = settle(&mut typist, &open(Field::RequestId, None)).unwrap();
        assert_eq!(value(settled), "123456789012346");
    }

    #[test]
    fn a_wrong_form_is_told_and_asked_again() {
        let mut typist = Typist::typing(&["12", "2026年11月21日"]);
        let settled = settle(&mut typist, &open(Field::ValidFrom, Some("2026-11-27"))).unwrap();
        assert_eq!(value(settled), "2026-11-21");
        assert!(typist.told.iter().any(|line| line.contains("2026[-]11-27")));
    }

    #[test]
    fn an_empty_answer_puts_the_field_off() {
        let mut typist = Typist::typing(&[""]);
        let settled = settle(
            &mut typist,
            &open(Field::RequestId, Some("123456789012345")),
        )
        .unwrap();
        assert_eq!(value(settled), "put off");
    }
}
