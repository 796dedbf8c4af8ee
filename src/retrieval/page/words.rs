//! What a page says, as a person reads it: its sentences in order.

use std::collections::HashMap;

use super::controls::{Kind, chosen_options, controls, raw_text, untouched_values};
use super::tree::{Content, Document, holds_own_text, is_block, is_out_of_sight};
use crate::retrieval::phrases::fold_label;

/// What the page calls itself.
pub(crate) fn title(page: &Document) -> Option<String> {
    let title = page.named("title").next();
    title.map(|(at, _)| raw_text(page, at))
}

/// The sentences that a person sees, the title first, then in order; a line break or a block ends one as a full stop does.
pub(crate) fn sentences(page: &Document) -> Vec<String> {
    let mut lines = vec![title(page).unwrap_or_default(), String::new()];
    let mut at = 0;
    let mut ends_of_blocks: Vec<usize> = Vec::new();
    while let Some(node) = page.nodes().get(at) {
        while ends_of_blocks.last().is_some_and(|end| *end <= at) {
            ends_of_blocks.pop();
            lines.push(String::new());
        }
        match &node.content {
            _ if node.hidden => {
                at = node.end;
                continue;
            }
            Content::Element(element) if holds_own_text(&element.name) => {
                at = node.end;
                continue;
            }
            Content::Element(element) if is_block(&element.name) => {
                lines.push(String::new());
                ends_of_blocks.push(node.end);
            }
            Content::Element(element) => {
                if let Some(line) = lines.last_mut() {
                    line.push_str(element.picture_text());
                }
            }
            Content::Text(text) => {
                if let Some(line) = lines.last_mut() {
                    line.push_str(text);
                }
            }
        }
        at += 1;
    }
    lines
        .iter()
        .flat_map(|line| split_sentences(line))
        .collect()
}

/// What a person reads in boxes of the page rather than among its sentences: fields that are filled in, scrolling texts,
/// chosen options, drawings.
pub(crate) fn boxed(page: &Document) -> Vec<String> {
    let in_fields = controls(page)
        .into_iter()
        .filter(|(control, _)| !control.hidden)
        .flat_map(|(control, _)| match control.kind {
            Kind::Text => untouched_values(page, &control),
            Kind::Select => chosen_options(page, &control),
            _ => vec![],
        });
    let drawn = ["svg", "object"]
        .into_iter()
        .flat_map(|name| page.named(name))
        .map(|(at, _)| raw_text(page, at));
    in_fields
        .chain(drawn)
        .flat_map(|text| split_sentences(&text))
        .collect()
}

/// Whether a part of the page is another document, which is not read: a frame that is not out of sight.
pub(crate) fn has_unread_parts(page: &Document) -> bool {
    page.elements().any(|(_, element)| {
        let is_frame = matches!(element.name.as_str(), "iframe" | "object" | "embed");
        let is_nothing = |side: &str| matches!(element.attribute(side), Some("0" | "1"));
        is_frame && !is_out_of_sight(element) && !is_nothing("width") && !is_nothing("height")
    })
}

/// What scripts would say in a message box: `alert("…")` is the whole error page of some sites.
pub(crate) fn alerts(page: &Document) -> Vec<String> {
    said_by_scripts(page, "alert(")
}

/// What scripts would ask in a box with OK and Cancel, where they write it out.
pub(crate) fn confirms(page: &Document) -> Vec<String> {
    said_by_scripts(page, "confirm(")
}

fn said_by_scripts(page: &Document, call: &str) -> Vec<String> {
    page.named("script")
        .flat_map(|(script, _)| page.nodes()[script..page.nodes()[script].end].iter())
        .filter_map(|node| match &node.content {
            Content::Text(code) => Some(code),
            Content::Element(_) => None,
        })
        .flat_map(|code| arguments_of(code, call))
        .filter_map(written_out)
        .flat_map(|message| split_sentences(&message))
        .collect()
}

/// What a handler would ask before it lets the form go: its words, or its code where it composes them.
pub(crate) fn asked_by_handler(code: &str) -> Vec<String> {
    arguments_of(code, "confirm(")
        .flat_map(|argument| match written_out(argument) {
            Some(message) => split_sentences(&message),
            None => vec![format!("confirm({}", argument.trim())],
        })
        .collect()
}

/// What stands behind each call of a function in code, to the code's end.
fn arguments_of<'c>(code: &'c str, call: &'c str) -> impl Iterator<Item = &'c str> {
    code.split(call).skip(1)
}

/// A text in quotation marks that is all of a call's argument.
fn written_out(argument: &str) -> Option<String> {
    let argument = argument.trim_start();
    let quote = argument
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\''))?;
    let (message, rest) = argument[1..].split_once(quote)?;
    rest.trim_start()
        .starts_with(')')
        .then(|| message.replace("\\n", "\n"))
}

/// The sentences of a page that another page did not say; one said there once and here twice counts once.
pub(crate) fn only_new(sentences: Vec<String>, known: &[String]) -> Vec<String> {
    with_news(sentences, known)
        .into_iter()
        .filter(|(_, is_new)| *is_new)
        .map(|(sentence, _)| sentence)
        .collect()
}

/// Each sentence of a page, and whether it is one that another page did not say.
pub(crate) fn with_news(sentences: Vec<String>, known: &[String]) -> Vec<(String, bool)> {
    let mut said: HashMap<String, usize> = HashMap::new();
    for sentence in known {
        *said.entry(fold_label(sentence)).or_default() += 1;
    }
    sentences
        .into_iter()
        .map(|sentence| {
            let is_new = match said.get_mut(&fold_label(&sentence)) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    false
                }
                _ => true,
            };
            (sentence, is_new)
        })
        .collect()
}

/// Whether a text names the certificate.
pub(crate) fn names_the_certificate(text: &str) -> bool {
    let folded = fold_label(text);
    ["証明書", "certificate"]
        .iter()
        .any(|word| folded.contains(word))
}

/// A text without what steers a terminal or turns the direction of writing.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !TURNS.contains(c))
        .collect()
}

/// Cuts running text into sentences; what holds no letter or digit is none.
pub(crate) fn split_sentences(text: &str) -> Vec<String> {
    text.lines()
        .flat_map(|line| line.split_inclusive(['。', '！', '!', '？', '?']))
        .flat_map(|part| part.split_inclusive(". "))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|sentence| sentence.chars().any(char::is_alphanumeric))
        .collect()
}

/// Unicode's marks of direction and of no width.
const TURNS: [char; 16] = [
    '\u{200b}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2028}', '\u{2029}', '\u{2060}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '\u{feff}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_breaks_and_full_stops_end_a_sentence() {
        let page = Document::parse(
            "<title>題</title><h1>証明書の取得</h1>一つ目。<b>二つ</b>目<br>三つ目<table><td>四<td>五</table>六<select><option>x</select>",
        );
        assert_eq!(
            sentences(&page),
            [
                "題",
                "証明書の取得",
                "一つ目。",
                "二つ目",
                "三つ目",
                "四",
                "五",
                "六"
            ]
        );
    }

    #[test]
    fn a_message_that_the_form_page_also_quotes_is_still_new_when_said_once_more() {
        let form = [
            "「認証に失敗しました。」と出たら".to_owned(),
            "認証に失敗しました。".to_owned(),
        ];
        let answer = vec![
            "認証に失敗しました。".to_owned(),
            form[0].clone(),
            form[1].clone(),
        ];
        assert_eq!(only_new(answer, &form), ["認証に失敗しました。"]);
        assert!(only_new(form.to_vec(), &form).is_empty());
    }

    #[test]
    fn a_message_box_speaks_too() {
        let page = Document::parse(
            "<script>alert('認証に失敗しました。\\nやり直してください');history.back()</script>",
        );
        assert_eq!(
            alerts(&page),
            ["認証に失敗しました。", "やり直してください"]
        );
    }
}
