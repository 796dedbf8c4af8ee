//! Which button sends the form: the one meant for the download, pressed without running scripts.

use super::Candidate;
use crate::retrieval::page::UnknownReason;
use crate::retrieval::page::caption::Fit;
use crate::retrieval::page::controls::{Control, Kind, button_caption};
use crate::retrieval::page::words;

/// The button that sends the form.
pub(super) struct Button<'a> {
    /// The control; `None` for a link.
    pub(super) control: Option<Control<'a>>,
    /// What it says.
    pub(super) caption: String,
}

impl<'a> Candidate<'a> {
    /// The button meant for the download: the one that says so best, or the only one.
    pub(super) fn button(&self) -> Result<Button<'a>, UnknownReason> {
        let mut offered: Vec<(Fit, Button<'a>)> = self
            .buttons()
            .map(|button| (self.vocabulary.button(&button.caption), button))
            .collect();
        let submits = offered
            .iter()
            .filter(|(_, button)| button.control.is_some_and(|c| c.kind == Kind::Submit))
            .count();
        offered.extend(self.links());
        let Some(best) = offered.iter().map(|(fit, _)| *fit).max() else {
            return Err(UnknownReason::NoButton);
        };
        let says_nothing = best == Fit::IfAlone;
        if best == Fit::No || says_nothing && (submits != 1 || !self.page_is_about_the_download()) {
            return Err(UnknownReason::NoButton);
        }
        let mut fitting = offered.into_iter().filter(|(fit, _)| *fit == best);
        match (fitting.next(), fitting.next()) {
            (Some((_, button)), None) if self.vocabulary.asks_consent(&button.caption) => {
                Err(UnknownReason::NeedsConsent {
                    captions: vec![button.caption],
                })
            }
            (Some((_, button)), None) => Ok(button),
            _ => Err(UnknownReason::SeveralButtons),
        }
    }

    /// Whether the page says anywhere what a button that says nothing would do.
    fn page_is_about_the_download(&self) -> bool {
        words::sentences(self.page)
            .iter()
            .any(|sentence| self.vocabulary.speaks_of_the_download(sentence))
    }

    /// The controls that a person could press.
    pub(super) fn buttons(&self) -> impl Iterator<Item = Button<'a>> {
        self.controls
            .iter()
            .filter(|control| {
                is_button(control) && !control.disabled && !self.page.nodes()[control.at].hidden
            })
            .map(|control| Button {
                control: Some(*control),
                caption: button_caption(self.page, control),
            })
    }

    /// Links in the form that do nothing but send it, in place of a button.
    fn links(&self) -> Vec<(Fit, Button<'a>)> {
        let inside = self.at..self.page.nodes()[self.at].end;
        self.page
            .named("a")
            .filter(|(at, link)| {
                let code = [link.attribute("href"), link.attribute("onclick")];
                inside.contains(at)
                    && !self.page.nodes()[*at].hidden
                    && code.into_iter().flatten().any(only_submits)
            })
            .map(|(at, _)| self.page.visible_text(at))
            .map(|caption| (self.vocabulary.button(&caption), caption))
            .filter(|(fit, _)| *fit >= Fit::Says)
            .map(|(fit, caption)| {
                let control = None;
                (fit, Button { control, caption })
            })
            .collect()
    }

    /// A check in `onsubmit` is none of our business; a script that changes what is sent is.
    pub(super) fn refuse_scripts(&self, button: &Button<'_>) -> Result<(), UnknownReason> {
        let on_submit = self.attribute("onsubmit");
        let scripted = changes_the_form(&on_submit)
            || never_sends(&on_submit)
            || button.control.is_some_and(|control| {
                let on_click = control.element.attribute("onclick").unwrap_or_default();
                match control.kind {
                    Kind::Push => !only_submits(on_click),
                    _ => {
                        !sends_its_own_form(on_click)
                            && (changes_the_form(on_click) || never_sends(on_click))
                    }
                }
            });
        match scripted {
            true => Err(UnknownReason::ScriptedSubmit),
            false => Ok(()),
        }
    }
}

/// Whether a control can be pressed to send or to run a script.
pub(super) fn is_button(control: &Control<'_>) -> bool {
    matches!(control.kind, Kind::Submit | Kind::Push)
}

/// Whether a handler does nothing but send its form.
fn only_submits(code: &str) -> bool {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let code = code.strip_prefix("javascript:").unwrap_or(&code);
    let mut statements = code.split(';').filter(|s| !s.is_empty()).peekable();
    statements.peek().is_some()
        && statements.all(|statement| {
            let is_path = |path: &str| {
                path.chars()
                    .all(|c| c.is_alphanumeric() || "_$.[]'\"()".contains(c))
            };
            match statement.strip_suffix(".submit()") {
                Some(path) => is_path(path),
                None => matches!(
                    statement,
                    "returnfalse"
                        | "returntrue"
                        | "void(0)"
                        | "this.disabled=true"
                        | "event.preventDefault()"
                ),
            }
        })
        && code.contains(".submit()")
}

/// Whether the handler of a submit button sends the button's own form, as the button itself would.
fn sends_its_own_form(code: &str) -> bool {
    let bare: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    only_submits(code)
        && bare.matches(".submit()").count() == bare.matches("this.form.submit()").count()
}

/// Whether a button's handler sends the form before the button itself can: what the button is called is then not sent.
pub(super) fn sends_without_itself(control: &Control<'_>) -> bool {
    let on_click = control.element.attribute("onclick").unwrap_or_default();
    let code: String = on_click.chars().filter(|c| !c.is_whitespace()).collect();
    sends_its_own_form(on_click)
        && [
            "this.disabled=true",
            "returnfalse",
            "event.preventDefault()",
        ]
        .iter()
        .any(|statement| code.contains(statement))
}

/// Whether a handler keeps the browser from sending the form in any case: its script sends something itself.
fn never_sends(code: &str) -> bool {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let depends = ["if(", "?", "&&", "||"]
        .iter()
        .any(|word| code.contains(word));
    let last = code.split(';').rfind(|statement| !statement.is_empty());
    let refuses = last.is_some_and(|last| last.trim_start_matches("javascript:") == "returnfalse");
    code.to_ascii_lowercase().contains("ajax") || !depends && refuses
}

/// Whether a handler sets values or the address, so that sending without it would send something else.
fn changes_the_form(code: &str) -> bool {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    [
        ".value=",
        "['value']=",
        "[\"value\"]=",
        ".val(",
        ".action=",
        ".method=",
        ".target=",
        "setAttribute(",
        ".submit(",
    ]
    .iter()
    .any(|change| code.contains(change) && !code.contains(&format!("{change}=")))
}
