//! What came back after the submission, judged by its bytes.
//!
//! A PKCS#12 file is one whatever the headers call it. Anything else is read as a page: only the words that
//! were not on the form page count, because standing notices there name every possible error. A page that speaks of a
//! session or of maintenance lets the pair be sent again only when it cannot have been processed; any other is unknown.

mod masking;
mod packing;
mod structure;

use url::Url;

use super::error::{FileProblem, RefusalReason, RetrievalError, UnclearProblem};
use super::exchange::AnswerEnd;
use super::network::Site;
use super::page::{self, AfterSubmission, Onward, Towards};
use super::phrases::Understood;
use super::seen_page::SeenPage;
use crate::config::Meaning;
use crate::domain::{CertificatePassword, Issuance, Pkcs12};
use masking::Mask;
use packing::from_base64;
pub(crate) use packing::ungzipped;
use structure::{Shape, shape};

/// An answer as far as it is known: from the network, or from the disk after a crash.
#[derive(Clone, Copy, Debug)]
pub struct KeptAnswer<'a> {
    /// The body as it arrived.
    pub bytes: &'a [u8],
    /// What the form page said, one sentence a line, as [`super::Intent::form_text`] had it.
    pub form_text: &'a str,
    /// Where the form stood; `None` when that is not known.
    pub form_page: Option<&'a Url>,
    /// Where the answer stands: what its links are relative to. `None` when that is not known.
    pub url: Option<&'a Url>,
    /// How the answer ended; `None` when the program ended first.
    pub end: Option<&'a AnswerEnd>,
}

/// What an answer is.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The file.
    File(Pkcs12),
    /// A page that leads on without asking anything new.
    Leads {
        /// Where to.
        onward: Onward,
        /// What the page says all the same, in case nothing better comes.
        otherwise: Option<RetrievalError>,
    },
    /// No file, and no way to one.
    Ends(RetrievalError),
}

/// What was submitted, and where.
#[derive(Clone, Copy)]
pub(crate) struct Submitted<'a> {
    /// The pair.
    pub(crate) issuance: &'a Issuance,
    /// The password.
    pub(crate) password: &'a CertificatePassword,
    /// The site.
    pub(crate) site: &'a Site,
}

impl<'a> Submitted<'a> {
    /// The reference ID and the password: read to keep them out of addresses, and to tell a page that repeats them.
    pub(crate) fn secrets(&self) -> [&'a str; 2] {
        [self.issuance.reference_id.expose(), self.password.expose()]
    }
}

/// Judges an answer. Asks nothing of the network, so it can be repeated from what is on disk.
///
/// What was submitted is known so that a page which shows it again is quoted without it.
pub(crate) fn judge(answer: &KeptAnswer<'_>, submitted: &Submitted<'_>) -> Verdict {
    let opened = ungzipped(answer.bytes, submitted.site.answer_limit());
    let (bytes, unpacked_whole) = match &opened {
        Some((bytes, whole)) => (bytes.as_slice(), *whole),
        None => (answer.bytes, true),
    };
    match shape(bytes) {
        Shape::Whole { start, end } => Verdict::File(Pkcs12::received(bytes[start..end].to_vec())),
        Shape::Cut => Verdict::Ends(unclear(answer, UnclearProblem::Cut)),
        Shape::Broken => Verdict::Ends(invalid(answer, FileProblem::Broken)),
        Shape::OtherDer => Verdict::Ends(invalid(answer, FileProblem::OtherDer)),
        Shape::Other => {
            // What a program of the site wrote as text, a person would save and turn back.
            if let Some(file) = from_base64(bytes)
                && let Shape::Whole { start, end } = shape(&file)
            {
                return Verdict::File(Pkcs12::received(file[start..end].to_vec()));
            }
            let ended_whole = answer.end.is_some_and(|end| end.whole) && unpacked_whole;
            page_verdict(answer, bytes, ended_whole, submitted)
        }
    }
}

/// A page as text without the IDs and the password, to be kept for a person: its head as a comment, then its source.
///
/// `None` when one of them still lies in it in a form that cannot be struck out.
pub fn masked_page(
    page: &SeenPage,
    issuance: &Issuance,
    password: &CertificatePassword,
) -> Option<String> {
    let unpacked = ungzipped(&page.bytes, LARGEST_PAGE);
    let bytes = unpacked
        .as_ref()
        .map_or(page.bytes.as_slice(), |(bytes, _)| bytes);
    let text = page::text_of(bytes, page.content_type.as_deref());
    Mask::for_keeping(issuance, password).page(&format!("{}{text}", page.head()))
}

/// Whether these bytes are a whole file already, so that nothing more need be waited for.
pub(crate) fn is_whole_file(bytes: &[u8]) -> bool {
    matches!(shape(bytes), Shape::Whole { .. })
}

fn page_verdict(
    answer: &KeptAnswer<'_>,
    bytes: &[u8],
    ended_whole: bool,
    submitted: &Submitted<'_>,
) -> Verdict {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let problem = match ended_whole {
            true => UnclearProblem::Empty,
            false => UnclearProblem::Cut,
        };
        return Verdict::Ends(unclear(answer, problem));
    }
    if !ended_whole && !closes_its_page(bytes) {
        return Verdict::Ends(unclear(answer, UnclearProblem::Cut));
    }
    if bytes.contains(&0) {
        return Verdict::Ends(invalid(answer, FileProblem::UnknownKind));
    }
    let known: Vec<String> = answer.form_text.lines().map(str::to_owned).collect();
    let content_type = answer.end.and_then(|end| end.content_type.as_deref());
    let status = answer.end.and_then(|end| end.status);
    let phrases = submitted.site.phrases();
    let after = AfterSubmission {
        // The page of a failure leads back to the start, not to the file.
        url: answer.url.filter(|_| status.is_none_or(|s| s < 400)),
        form_page: answer.form_page,
        form_sentences: &known,
        request_id: submitted.issuance.request_id.as_str(),
        secrets: submitted.secrets(),
        labels: submitted.site.labels(),
        phrases,
    };
    let page = page::after_submission(bytes, content_type, &after);
    let mask = Mask::new(submitted.issuance, submitted.password);
    match (phrases.understand(&page.said), page.onward) {
        (Some(understood), onward) if is_offered_all_the_same(&understood, &onward) => {
            Verdict::Leads {
                onward,
                // A page that leads on took the pair, whatever it says of a closed door.
                otherwise: (!understood.lets_send_again())
                    .then(|| refused(answer, understood, &page.said, submitted)),
            }
        }
        (Some(understood), _) => Verdict::Ends(refused(answer, understood, &page.said, submitted)),
        (None, onward @ (Onward::Get { .. } | Onward::Send { .. })) => Verdict::Leads {
            otherwise: is_a_guess(&onward).then(|| unknown(answer, &page.said, &mask)),
            onward,
        },
        (None, Onward::Asks(reason)) => Verdict::Ends(RetrievalError::AsksMore {
            reason,
            sentence: mask.quote(&page.said),
        }),
        (None, Onward::Nowhere) => Verdict::Ends(unknown(answer, &page.said, &mask)),
    }
}

/// A link that is followed only because it is the only one.
fn is_a_guess(onward: &Onward) -> bool {
    let alone = Towards::Alone;
    matches!(onward, Onward::Get { towards, .. } if *towards == alone)
}

fn unknown(answer: &KeptAnswer<'_>, said: &[String], mask: &Mask) -> RetrievalError {
    RetrievalError::Refused {
        reason: RefusalReason::Unknown,
        sentence: mask.quote(said),
        status: answer.end.and_then(|end| end.status),
        retry_after: retry_after(answer),
    }
}

fn retry_after(answer: &KeptAnswer<'_>) -> Option<String> {
    answer.end.and_then(|end| end.retry_after.clone())
}

/// A page that offers the download is no page of a refusal, whatever advice stands beside it: how long the file is
/// kept, what the password looks like, when the site is closed. Wrong IDs and a lock are believed all the same, unless
/// the values are only shown once more. A link that names the file costs nothing.
fn is_offered_all_the_same(understood: &Understood, onward: &Onward) -> bool {
    let is_advice = !matches!(understood.meaning, Meaning::BadIds | Meaning::Locked);
    match onward {
        Onward::Get { towards, .. } => match towards {
            Towards::Named => true,
            Towards::Said => is_advice,
            Towards::Alone => false,
        },
        Onward::Send {
            confirms,
            names_the_download,
            ..
        } => *names_the_download && is_advice || *confirms && understood.is_mild,
        Onward::Asks(_) | Onward::Nowhere => false,
    }
}

fn refused(
    answer: &KeptAnswer<'_>,
    understood: Understood,
    said: &[String],
    submitted: &Submitted<'_>,
) -> RetrievalError {
    let mask = Mask::new(submitted.issuance, submitted.password);
    let status = answer.end.and_then(|end| end.status);
    let is_turned_away = comes_from_the_door(status, understood.meaning)
        && submitted.site.phrases().speak_of_a_closed_door_only(said);
    let sentence = mask.quote(&[understood.sentence]);
    let reason = match understood.meaning {
        Meaning::Maintenance | Meaning::SessionTimeout if !is_turned_away => {
            return unknown(answer, said, &mask);
        }
        Meaning::Maintenance => {
            return RetrievalError::Closed {
                submitted: true,
                sentence,
                retry_after: retry_after(answer),
            };
        }
        Meaning::SessionTimeout => {
            return RetrievalError::SessionTimeout {
                submitted: true,
                sentence,
            };
        }
        Meaning::BadIds => RefusalReason::BadIds,
        Meaning::AlreadyIssued => RefusalReason::AlreadyIssued,
        Meaning::Expired => RefusalReason::Expired,
        Meaning::Locked => RefusalReason::Locked,
        Meaning::PasswordFormat => RefusalReason::PasswordFormat,
    };
    RetrievalError::Refused {
        reason,
        sentence,
        status,
        retry_after: retry_after(answer),
    }
}

/// Whether an answer of this status can come from before the work.
///
/// A 500, 502 or 504 is what a gateway says when the program behind it takes too long or dies, and that may have been
/// at work; a 503 is one too, but also the proper status of a closed site. 202 says that the work goes on, 408 that
/// somebody waited in vain, 409 that the same is there already. What ended before its status was written is not known.
fn comes_from_the_door(status: Option<u16>, meaning: Meaning) -> bool {
    match status {
        Some(200) => true,
        Some(408 | 409) => false,
        Some(400..=499) => true,
        Some(503) => meaning == Meaning::Maintenance,
        Some(_) | None => false,
    }
}

fn unclear(answer: &KeptAnswer<'_>, problem: UnclearProblem) -> RetrievalError {
    RetrievalError::Unclear {
        problem,
        received: answer.bytes.len() as u64,
        source: None,
    }
}

fn invalid(answer: &KeptAnswer<'_>, problem: FileProblem) -> RetrievalError {
    RetrievalError::InvalidFile {
        problem,
        received: answer.bytes.len() as u64,
    }
}

/// A page that arrived up to its closing tag is whole, however the connection ended.
fn closes_its_page(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    String::from_utf8_lossy(tail)
        .to_ascii_lowercase()
        .contains("</html")
}

/// No page for people is larger.
const LARGEST_PAGE: usize = 1 << 20;

/// Where a closing tag is looked for.
const TAIL: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const FORM: &str =
        "証明書の取得\n証明書パスワードは忘れないでください。\n期限を過ぎた場合は取得できません。";

    fn issuance() -> Issuance {
        Issuance {
            issuer: None,
            institution_code: "0110113719".parse().unwrap(),
            terminal_name: None,
            request_id: "123456789012345".parse().unwrap(),
            reference_id: "Ab3dE6gH9k".parse().unwrap(),
            validity: crate::domain::Validity::new(
                jiff::civil::Date::constant(2026, 11, 1),
                jiff::civil::Date::constant(2030, 2, 1),
            )
            .unwrap(),
            retrieval_deadline: jiff::civil::Date::constant(2027, 4, 30),
        }
    }

    fn judged(bytes: &[u8], whole: bool) -> Result<Pkcs12, RetrievalError> {
        match verdict(bytes, whole) {
            Verdict::File(file) => Ok(file),
            Verdict::Ends(error) => Err(error),
            Verdict::Leads { onward, .. } => panic!("{onward:?}"),
        }
    }

    fn verdict(bytes: &[u8], whole: bool) -> Verdict {
        let end = AnswerEnd {
            status: Some(200),
            content_type: Some("text/html; charset=UTF-8".to_owned()),
            retry_after: None,
            headers: Vec::new(),
            bytes: bytes.len() as u64,
            whole,
            cookies: None,
        };
        let (form_page, url) = (address("/p/rcd"), address("/p/send"));
        let kept = KeptAnswer {
            bytes,
            form_text: FORM,
            form_page: Some(&form_page),
            url: Some(&url),
            end: Some(&end),
        };
        let submitted = Submitted {
            issuance: &issuance(),
            password: &"1234".parse().unwrap(),
            site: &site(),
        };
        judge(&kept, &submitted)
    }

    fn address(path: &str) -> Url {
        format!("https://site.invalid{path}").parse().unwrap()
    }

    fn site() -> Site {
        let options = crate::retrieval::SiteOptions {
            url: Some("https://site.invalid/p/rcd".to_owned()),
            ..Default::default()
        };
        Site::new(options, &crate::config::Config::default()).unwrap()
    }

    /// The smallest whole PFX.
    fn pfx() -> Vec<u8> {
        let mut pfx = vec![0x30, 0x14, 2, 1, 3, 0x30, 0x0f, 6, 9];
        pfx.extend([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0xa0, 2, 4, 0]);
        pfx
    }

    fn reason(result: Result<Pkcs12, RetrievalError>) -> (Option<&'static str>, Option<String>) {
        match result.unwrap_err() {
            RetrievalError::Refused {
                reason, sentence, ..
            } => (Some(reason.name()), sentence),
            error => (error.reason(), None),
        }
    }

    #[test]
    fn a_file_is_a_file_whatever_the_headers_and_the_connection_say() {
        assert_eq!(judged(&pfx(), true).unwrap().expose(), pfx());
        assert_eq!(judged(&pfx(), false).unwrap().expose(), pfx());
        let short = judged(&pfx()[..12], true).unwrap_err();
        assert!(matches!(
            short,
            RetrievalError::Unclear {
                problem: UnclearProblem::Cut,
                ..
            }
        ));
    }

    #[test]
    fn a_file_gzipped_unasked_is_unpacked_even_when_its_trailer_is_missing() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        packer.write_all(&pfx()).unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(judged(&packed, true).unwrap().expose(), pfx());
        assert_eq!(
            judged(&packed[..packed.len() - 4], false).unwrap().expose(),
            pfx()
        );
    }

    #[test]
    fn a_file_written_as_text_is_a_file() {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(pfx());
        let (first, rest) = text.split_at(10);
        for written in [
            text.clone(),
            format!("{first}\r\n{rest}\r\n"),
            format!("-----BEGIN PKCS12-----\n{first}\n{rest}\n-----END PKCS12-----\n"),
        ] {
            assert_eq!(judged(written.as_bytes(), true).unwrap().expose(), pfx());
            assert!(judged(&written.as_bytes()[..written.len() / 2], true).is_err());
        }
    }

    #[test]
    fn a_page_that_offers_the_download_is_followed_whatever_advice_stands_beside_it() {
        let link = "<a href=\"/p/dl?id=7\">ダウンロード</a>";
        for advice in [
            "【お知らせ】12月1日はメンテナンスのためご利用いただけません。",
            "証明書パスワードは半角数字4桁です。忘れないように控えてください。",
            "期間を過ぎた証明書は取得できません。",
            "セッションの有効期限は10分です。",
        ] {
            let page = format!("<html><p>{advice}</p>{link}</html>");
            let verdict = verdict(page.as_bytes(), true);
            assert!(
                matches!(verdict, Verdict::Leads { .. }),
                "{advice}: {verdict:?}"
            );
        }
        let locked = format!(
            "<html><p>入力誤りが5回に達したため、このリクエストIDは使用できません。</p>{link}</html>"
        );
        assert_eq!(reason(judged(locked.as_bytes(), true)).0, Some("locked"));
    }

    /// A record goes back to where it can be sent again only when the page speaks of nothing but the closed door.
    #[test]
    fn a_page_that_may_have_taken_the_pair_does_not_let_it_be_sent_again() {
        for page in [
            "The server is temporarily unable to service your request due to maintenance downtime or capacity problems.",
            "Service Unavailable",
            "認証局からの応答がタイムアウトしました。",
            "処理がタイムアウトしました。",
            "証明書の発行処理は完了しましたが、ダウンロードサーバがメンテナンス中のため、お渡しできません。",
            "システムエラーが発生しました。</p><p>12月1日はメンテナンスのためサービスを停止いたします。",
            "システムエラーが発生しました。</p><p>サービス提供時間：平日 8:00～21:00",
        ] {
            let page = format!("<html><p>{page}</p></html>");
            let told = reason(judged(page.as_bytes(), true)).0;
            assert_eq!(told, Some("unknown"), "{page}");
        }
        let closed = judged(
            "<html><p>ただいまメンテナンス中です。</p></html>".as_bytes(),
            true,
        );
        assert!(matches!(closed, Err(RetrievalError::Closed { .. })));
    }

    #[test]
    fn a_button_that_does_something_else_or_costs_money_is_a_persons_to_press() {
        let page = |text: &str, button: &str| {
            format!(
                "<html><p>{text}</p><form method=post action=/p/x><input type=hidden name=t value=1>\
                 <input type=submit value={button}></form></html>"
            )
        };
        let asked = |text: &str, button: &str| match verdict(page(text, button).as_bytes(), true) {
            Verdict::Ends(error) => error,
            other => panic!("{text} [{button}]: {other:?}"),
        };
        for (text, button) in [
            (
                "この操作を行うと、現在の証明書は失効します。よろしいですか？",
                "はい",
            ),
            ("古い証明書を無効化します。", "次へ"),
            (
                "ダウンロードすると手数料1,500円が発生します。",
                "ダウンロード",
            ),
        ] {
            let error = asked(text, button);
            assert!(
                matches!(error, RetrievalError::AsksMore { .. }),
                "{text}: {error:?}"
            );
        }
        for button in ["発行を取り消す", "取得申請を取り下げる"] {
            let error = asked("処理を選んでください。", button);
            assert_eq!(error.reason(), Some("unknown"), "{button}");
        }
        let plain = page("証明書の準備ができました。", "次へ");
        assert!(matches!(
            verdict(plain.as_bytes(), true),
            Verdict::Leads { .. }
        ));
        for look in [
            "入力内容をご確認ください。",
            "以下の入力内容に誤りがないかご確認ください。",
        ] {
            let text = format!("{look}リクエストID 123456789012345");
            let once_more = page(&text, "ダウンロード");
            assert!(matches!(
                verdict(once_more.as_bytes(), true),
                Verdict::Leads { .. }
            ));
        }
    }

    #[test]
    fn what_a_page_says_cannot_steer_the_terminal() {
        let page = "<html><p>\u{1b}]0;題\u{7}エラー\u{202e}です</p></html>";
        let (_, sentence) = reason(judged(page.as_bytes(), true));
        assert_eq!(sentence.as_deref(), Some("]0;題エラーです"));
    }

    #[test]
    fn only_what_the_form_page_did_not_say_is_the_message() {
        let same_again = format!("<html><p>{}</html>", FORM.replace('\n', "<p>"));
        assert_eq!(
            reason(judged(same_again.as_bytes(), true)),
            (Some("unknown"), None)
        );
        let with_message = same_again.replace("<html>", "<html><p>認証に失敗しました。");
        assert_eq!(
            reason(judged(with_message.as_bytes(), true)),
            (Some("bad-ids"), Some("認証に失敗しました。".to_owned()))
        );
    }

    #[test]
    fn a_page_that_ends_in_the_middle_decides_nothing() {
        let cut = "<html><p>認証に失敗しました。</p>";
        assert!(matches!(
            judged(cut.as_bytes(), false).unwrap_err(),
            RetrievalError::Unclear { .. }
        ));
        let closed = format!("{cut}</html>");
        assert_eq!(reason(judged(closed.as_bytes(), false)).0, Some("bad-ids"));
        assert!(matches!(
            judged(b"\r\n", true).unwrap_err(),
            RetrievalError::Unclear {
                problem: UnclearProblem::Empty,
                ..
            }
        ));
    }

    #[test]
    fn a_quoted_sentence_never_shows_a_secret() {
        let page = "<html>ＩＤ「ＡＢ３ｄＥ ６gH9k」（パスワード1-2-3-4）は見つかりません。</html>";
        let quoted = |page: &str| reason(judged(page.as_bytes(), true));
        let (reason, sentence) = quoted(page);
        assert_eq!(reason, Some("unknown"));
        assert_eq!(
            sentence.unwrap(),
            "ＩＤ「＊＊＊＊＊＊＊＊＊＊＊」（パスワード＊＊＊＊＊＊＊）は見つかりません。"
        );
        // base64 of r=Ab3dE6gH9k
        let disguised = "<html>「cj1BYjNkRTZnSDlr」「Ab3<b>dE6gH</b>9k」は処理できません。</html>";
        let (_, sentence) = quoted(disguised);
        assert_eq!(
            sentence.unwrap(),
            "「＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊」「＊＊＊＊＊＊＊＊＊＊」は処理できません。"
        );
    }

    #[test]
    fn another_file_is_no_certificate_file() {
        for bytes in [
            &b"PK\x03\x04\0\0"[..],
            &[0x30, 0x82, 0, 4, 0x30, 2, 0xa0, 0x80],
        ] {
            assert_eq!(
                reason(judged(bytes, true)).0,
                Some("invalid-p12"),
                "{bytes:?}"
            );
        }
    }
}
