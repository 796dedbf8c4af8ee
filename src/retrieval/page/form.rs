//! Finds the retrieval form among the forms of a page, or says why none may be sent to.

use std::borrow::Cow;
use std::collections::HashMap;

use encoding_rs::Encoding as Charset;
use url::Url;

use super::caption::{Fit, Vocabulary};
use super::controls::{self, Control, Kind, button_caption, controls, untouched_values};
use super::labels::{Labelled, Labels};
use super::tree::{Document, NodeIndex};
use super::{Encoding, Entry, FieldShape, RetrievalForm, Role, UnknownReason, Value, charset};

/// The one form of the page that asks for the four fields.
pub(super) fn find(
    page: &Document,
    url: &Url,
    page_charset: &'static Charset,
    vocabulary: &Vocabulary,
) -> Result<RetrievalForm, UnknownReason> {
    if page
        .elements()
        .filter(|(_, e)| controls::kind(e).is_some())
        .count()
        > MOST_CONTROLS
    {
        return Err(UnknownReason::TooLarge);
    }
    let labels = Labels::new(page, vocabulary);
    let owned = controls(page);
    let mut understood = Vec::new();
    let mut refused = Vec::new();
    for (at, _) in page.named("form") {
        let controls: Vec<Control<'_>> = owned
            .iter()
            .filter(|(_, owner)| *owner == Some(at))
            .map(|(control, _)| *control)
            .collect();
        let candidate = Candidate::new(page, at, controls, &labels, vocabulary);
        match candidate.understand(url, page_charset) {
            Ok(form) => understood.push(form),
            Err(reason) => refused.push((candidate.resemblance(), reason)),
        }
    }
    match understood.len() {
        1 => Ok(understood.remove(0)),
        0 => Err(most_telling(refused).unwrap_or_else(|| without_form(page, &owned))),
        _ => Err(UnknownReason::SeveralForms),
    }
}

/// The reason of the form that looks most like the one sought.
fn most_telling(refused: Vec<(usize, UnknownReason)>) -> Option<UnknownReason> {
    refused
        .into_iter()
        .rev()
        .max_by_key(|(resemblance, _)| *resemblance)
        .map(|(_, reason)| reason)
}

/// A page without any form: built by script, or simply another page.
fn without_form(page: &Document, owned: &[(Control<'_>, Option<NodeIndex>)]) -> UnknownReason {
    let fields_without_form = owned
        .iter()
        .any(|(control, owner)| owner.is_none() && control.is_visible_field());
    let says_little = page
        .named("body")
        .next()
        .is_none_or(|(at, _)| page.visible_text(at).chars().count() < LITTLE_TEXT);
    let has_script = page.named("script").next().is_some();
    match fields_without_form || (says_little && has_script) {
        true => UnknownReason::ScriptOnly,
        false => UnknownReason::NoForm,
    }
}

/// One form with its controls and what their captions say.
struct Candidate<'a> {
    page: &'a Document,
    at: NodeIndex,
    controls: Vec<Control<'a>>,
    labelled: HashMap<NodeIndex, Labelled>,
    labels: &'a Labels<'a>,
    vocabulary: &'a Vocabulary,
}

/// The button that sends the form.
struct Button<'a> {
    control: Option<Control<'a>>,
    caption: String,
}

impl<'a> Candidate<'a> {
    fn new(
        page: &'a Document,
        at: NodeIndex,
        controls: Vec<Control<'a>>,
        labels: &'a Labels<'a>,
        vocabulary: &'a Vocabulary,
    ) -> Self {
        let labelled = controls
            .iter()
            .filter(|control| !control.hidden && control.kind == Kind::Text)
            .map(|control| (control.at, labels.of(control.at)))
            .collect();
        let mut candidate = Self {
            page,
            at,
            controls,
            labelled,
            labels,
            vocabulary,
        };
        candidate.settle_passwords();
        candidate
    }

    /// How many of the four fields it seems to have.
    fn resemblance(&self) -> usize {
        ROLES
            .iter()
            .filter(|role| self.labelled.values().any(|l| l.role == Some(**role)))
            .count()
    }

    fn understand(
        &self,
        url: &Url,
        page_charset: &'static Charset,
    ) -> Result<RetrievalForm, UnknownReason> {
        self.refuse_revocation()?;
        let fields = self.fields()?;
        self.refuse_what_is_new(&fields)?;
        let button = self.button()?;
        self.refuse_scripts(&button)?;
        let action = self.action(url, page_charset, &button)?;
        let encoding = self.encoding(&button)?;
        let charset = self.charset(page_charset);
        Ok(RetrievalForm {
            action,
            encoding,
            charset,
            entries: self.entries(&fields, &button, charset)?,
            fields: fields
                .iter()
                .map(|(role, control)| self.shape(*role, control))
                .collect(),
            button: button.caption,
        })
    }

    /// Two fields for the password take the same four digits, so which of them is 'again' is settled by
    /// their order; a bare パスワード is believed only as one of exactly two.
    fn settle_passwords(&mut self) {
        let is_password = |role| matches!(role, Some(Role::Password | Role::PasswordAgain));
        let places: Vec<NodeIndex> = self
            .controls
            .iter()
            .map(|control| control.at)
            .filter(|at| self.labelled.get(at).is_some_and(|l| is_password(l.role)))
            .collect();
        let sure: Vec<NodeIndex> = places
            .iter()
            .copied()
            .filter(|at| self.labelled.get(at).is_some_and(|l| !l.loosely))
            .collect();
        let pair = match (sure.as_slice(), places.as_slice()) {
            ([first, second], _) | (_, [first, second]) => Some([*first, *second]),
            _ => None,
        };
        for (at, labelled) in &mut self.labelled {
            match pair {
                Some([first, _]) if first == *at => labelled.role = Some(Role::Password),
                Some([_, second]) if second == *at => labelled.role = Some(Role::PasswordAgain),
                _ if labelled.loosely => labelled.role = None,
                _ => {}
            }
        }
    }

    /// Never the form that revokes: by its headings, its buttons, its captions or its address.
    fn refuse_revocation(&self) -> Result<(), UnknownReason> {
        let captions = self
            .labelled
            .values()
            .flat_map(|l| l.captions.iter().cloned());
        let offers_download = self
            .controls
            .iter()
            .filter(|control| is_button(control))
            .any(|control| {
                self.vocabulary.button(&button_caption(self.page, control)) >= Fit::Says
            });
        let buttons = self
            .controls
            .iter()
            .filter(|control| is_button(control) && !offers_download)
            .map(|control| button_caption(self.page, control));
        let never = self
            .labels
            .headings(self.at)
            .into_iter()
            .chain(captions)
            .chain(buttons)
            .any(|text| self.vocabulary.is_never(&text));
        match never || self.vocabulary.is_never(&self.attribute("action")) {
            true => Err(UnknownReason::Revocation),
            false => Ok(()),
        }
    }

    /// The four fields in the page's order.
    fn fields(&self) -> Result<Vec<(Role, Control<'a>)>, UnknownReason> {
        let fields: Vec<(Role, Control<'a>)> = self
            .controls
            .iter()
            .filter_map(|control| Some((self.labelled.get(&control.at)?.role?, *control)))
            .collect();
        if let Some(labelled) = self.labelled.values().find(|labelled| labelled.ambiguous) {
            return Err(UnknownReason::AmbiguousCaption {
                captions: labelled.captions.clone(),
            });
        }
        for role in ROLES {
            match fields.iter().filter(|(found, _)| *found == role).count() {
                0 => return Err(UnknownReason::MissingField { role }),
                1 => {}
                _ => return Err(UnknownReason::FieldTwice { role }),
            }
        }
        let unusable = fields.iter().find(|(_, control)| {
            control.disabled || control.element.has("readonly") || name_of(control).is_none()
        });
        match unusable {
            Some((role, _)) => Err(UnknownReason::UnusableField { role: *role }),
            None => Ok(fields),
        }
    }

    /// Another visible field is an error when it must be filled, or when the page does not tell which must.
    fn refuse_what_is_new(&self, fields: &[(Role, Control<'a>)]) -> Result<(), UnknownReason> {
        let tells_required = fields.iter().any(|(_, control)| {
            let captions = self
                .labelled
                .get(&control.at)
                .map(|l| l.captions.as_slice());
            self.is_required(control, captions.unwrap_or_default())
        });
        for control in self.controls.iter().filter(|c| c.is_visible_field()) {
            if fields.iter().any(|(_, field)| field.at == control.at) {
                continue;
            }
            let captions = match (control.kind, self.labelled.get(&control.at)) {
                (Kind::Tick, _) | (_, None) => self.labels.of_tick(control.at),
                (_, Some(labelled)) => labelled.captions.clone(),
            };
            let required = self.is_required(control, &captions);
            let optional = captions
                .iter()
                .any(|text| self.vocabulary.says_optional(text));
            let empty = untouched_values(self.page, control)
                .iter()
                .all(|value| value.trim().is_empty());
            match control.kind {
                Kind::Tick if !empty || self.group_is_chosen(control) => {}
                Kind::Tick if required || self.asks_consent(&captions) => {
                    return Err(UnknownReason::NeedsConsent { captions });
                }
                Kind::Tick => {}
                _ if !empty => {}
                _ if required || !(optional || tells_required) => {
                    return Err(UnknownReason::UnknownField { captions });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn is_required(&self, control: &Control<'_>, captions: &[String]) -> bool {
        control.element.has("required")
            || control.element.keyword("aria-required") == "true"
            || captions
                .iter()
                .any(|text| self.vocabulary.says_required(text))
    }

    fn asks_consent(&self, captions: &[String]) -> bool {
        captions
            .iter()
            .any(|text| self.vocabulary.asks_consent(text))
    }

    /// Whether another button of the same radio group is already chosen.
    fn group_is_chosen(&self, control: &Control<'_>) -> bool {
        control.element.keyword("type") == "radio"
            && self.controls.iter().any(|other| {
                other.element.keyword("type") == "radio"
                    && other.element.attribute("name") == control.element.attribute("name")
                    && other.element.has("checked")
            })
    }

    /// The button meant for the download: the one that says so best, or the only one.
    fn button(&self) -> Result<Button<'a>, UnknownReason> {
        let mut offered: Vec<(Fit, Button<'a>)> = self
            .controls
            .iter()
            .filter(|control| {
                is_button(control) && !control.disabled && !self.page.nodes()[control.at].hidden
            })
            .map(|control| {
                let caption = button_caption(self.page, control);
                let control = Some(*control);
                (
                    self.vocabulary.button(&caption),
                    Button { control, caption },
                )
            })
            .collect();
        let submits = offered
            .iter()
            .filter(|(_, button)| button.control.is_some_and(|c| c.kind == Kind::Submit))
            .count();
        offered.extend(self.links());
        let Some(best) = offered.iter().map(|(fit, _)| *fit).max() else {
            return Err(UnknownReason::NoButton);
        };
        if best == Fit::No || (best == Fit::IfAlone && submits != 1) {
            return Err(UnknownReason::NoButton);
        }
        let mut fitting = offered.into_iter().filter(|(fit, _)| *fit == best);
        match (fitting.next(), fitting.next()) {
            (Some((_, button)), None) => Ok(button),
            _ => Err(UnknownReason::SeveralButtons),
        }
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
    fn refuse_scripts(&self, button: &Button<'_>) -> Result<(), UnknownReason> {
        let on_submit = self.attribute("onsubmit");
        let scripted = changes_the_form(&on_submit)
            || button.control.is_some_and(|control| {
                let on_click = control.element.attribute("onclick").unwrap_or_default();
                match control.kind {
                    Kind::Push => !only_submits(on_click),
                    _ => changes_the_form(on_click),
                }
            });
        match scripted {
            true => Err(UnknownReason::ScriptedSubmit),
            false => Ok(()),
        }
    }

    fn action(
        &self,
        url: &Url,
        page_charset: &'static Charset,
        button: &Button<'_>,
    ) -> Result<Url, UnknownReason> {
        let method = self.button_or_form(button, "formmethod", "method");
        if !method.trim().eq_ignore_ascii_case("post") {
            return Err(UnknownReason::SentByGet);
        }
        let action = self.button_or_form(button, "formaction", "action");
        let mut target = match action.trim() {
            "" => url.clone(),
            action => resolve(action, &base(self.page, url), page_charset)
                .ok_or(UnknownReason::BadAction)?,
        };
        target.set_fragment(None);
        hold_to_site(&target, url)?;
        Ok(target)
    }

    fn encoding(&self, button: &Button<'_>) -> Result<Encoding, UnknownReason> {
        let encoding = self.button_or_form(button, "formenctype", "enctype");
        match encoding.trim().to_ascii_lowercase().as_str() {
            "multipart/form-data" => Ok(Encoding::Multipart),
            "text/plain" => Err(UnknownReason::UnknownEncoding),
            _ => Ok(Encoding::UrlEncoded),
        }
    }

    /// accept-charset, else the page's own.
    fn charset(&self, page_charset: &'static Charset) -> &'static Charset {
        self.attribute("accept-charset")
            .split([' ', ','])
            .find_map(charset::for_label)
            .unwrap_or(page_charset)
            .output_encoding()
    }

    /// Everything that a browser would send, in the page's order.
    fn entries(
        &self,
        fields: &[(Role, Control<'a>)],
        button: &Button<'_>,
        charset: &'static Charset,
    ) -> Result<Vec<Entry>, UnknownReason> {
        let mut entries = Vec::new();
        for control in self.controls.iter().filter(|control| !control.disabled) {
            if self.page.enclosing(control.at, "datalist").is_some() {
                continue;
            }
            let role = fields
                .iter()
                .find(|(_, field)| field.at == control.at)
                .map(|(role, _)| *role);
            let pressed = button.control.is_some_and(|b| b.at == control.at);
            entries.extend(self.entries_of(control, role, pressed, charset));
        }
        Ok(entries)
    }

    fn entries_of(
        &self,
        control: &Control<'_>,
        role: Option<Role>,
        pressed: bool,
        charset: &'static Charset,
    ) -> Vec<Entry> {
        let is_image =
            control.element.name == "input" && control.element.keyword("type") == "image";
        if is_image && pressed {
            return click_place(control);
        }
        let Some(name) = name_of(control) else {
            return vec![];
        };
        let entry = |value| Entry {
            name: name.to_owned(),
            value,
        };
        match (role, control.kind) {
            (Some(role), _) => vec![entry(Value::Typed(role))],
            (None, Kind::Push | Kind::Inert) => vec![],
            (None, Kind::Submit) if !pressed => vec![],
            (None, Kind::File) => vec![entry(Value::NoFile)],
            (None, Kind::Hidden) if name.eq_ignore_ascii_case("_charset_") => {
                vec![entry(Value::Fixed(charset.name().to_owned()))]
            }
            (None, _) => untouched_values(self.page, control)
                .into_iter()
                .map(|value| entry(Value::Fixed(value)))
                .collect(),
        }
    }

    fn shape(&self, role: Role, control: &Control<'_>) -> FieldShape {
        let length = |name: &str| {
            control
                .element
                .attribute(name)
                .and_then(|value| value.trim().parse().ok())
        };
        let captions = self.labelled.get(&control.at).map(|l| &l.captions);
        FieldShape {
            role,
            name: name_of(control).unwrap_or_default().to_owned(),
            caption: captions
                .and_then(|c| c.first())
                .cloned()
                .unwrap_or_default(),
            max_length: length("maxlength"),
            min_length: length("minlength"),
        }
    }

    fn attribute(&self, name: &str) -> String {
        self.page
            .element(self.at)
            .and_then(|form| form.attribute(name))
            .unwrap_or_default()
            .to_owned()
    }

    /// A button's own attribute goes before the form's.
    fn button_or_form(&self, button: &Button<'_>, on_button: &str, on_form: &str) -> String {
        button
            .control
            .filter(|control| control.kind == Kind::Submit)
            .and_then(|control| control.element.attribute(on_button))
            .map_or_else(|| self.attribute(on_form), str::to_owned)
    }
}

/// Secrets go to the page's own host only, over TLS.
pub(crate) fn hold_to_site(target: &Url, page: &Url) -> Result<(), UnknownReason> {
    match target.scheme() {
        "https" => {}
        "http" => return Err(UnknownReason::NotHttps),
        _ => return Err(UnknownReason::BadAction),
    }
    if target.host_str() != page.host_str()
        || target.port_or_known_default() != page.port_or_known_default()
    {
        return Err(UnknownReason::OtherHost {
            host: target.host_str().unwrap_or_default().to_owned(),
        });
    }
    match target.username().is_empty() && target.password().is_none() {
        true => Ok(()),
        false => Err(UnknownReason::BadAction),
    }
}

/// The address against which the page's relative addresses are meant.
pub(crate) fn base(page: &Document, url: &Url) -> Url {
    page.named("base")
        .find_map(|(_, base)| base.attribute("href"))
        .and_then(|href| url.join(href.trim()).ok())
        .unwrap_or_else(|| url.clone())
}

/// Where a `meta` refresh leads.
pub(super) fn refresh(page: &Document, url: &Url) -> Option<Url> {
    let (_, meta) = page
        .named("meta")
        .find(|(_, meta)| meta.keyword("http-equiv") == "refresh")?;
    let content = meta.attribute("content")?;
    let (_, target) = content.split_once([';', ','])?;
    let (name, target) = target.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("url") {
        return None;
    }
    let target = target.trim().trim_matches(|c| matches!(c, '"' | '\''));
    base(page, url).join(target).ok()
}

fn resolve(action: &str, base: &Url, page_charset: &'static Charset) -> Option<Url> {
    let in_charset = query_encoder(page_charset);
    Url::options()
        .base_url(Some(base))
        .encoding_override(Some(&in_charset))
        .parse(action)
        .ok()
}

/// The query of an address is written in the page's charset.
fn query_encoder(page_charset: &'static Charset) -> impl Fn(&str) -> Cow<'_, [u8]> {
    move |text| Cow::Owned(charset::encode(text, page_charset))
}

fn is_button(control: &Control<'_>) -> bool {
    matches!(control.kind, Kind::Submit | Kind::Push)
}

fn name_of<'a>(control: &Control<'a>) -> Option<&'a str> {
    control
        .element
        .attribute("name")
        .filter(|name| !name.is_empty())
}

/// Where an image button was clicked: its corner, as the keyboard does it.
fn click_place(control: &Control<'_>) -> Vec<Entry> {
    let prefix = name_of(control).map_or(String::new(), |name| format!("{name}."));
    ["x", "y"]
        .iter()
        .map(|axis| Entry {
            name: format!("{prefix}{axis}"),
            value: Value::Fixed("0".to_owned()),
        })
        .collect()
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

/// Whether a handler sets values or the address, so that sending without it would send something else.
fn changes_the_form(code: &str) -> bool {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    [
        ".value=",
        ".action=",
        ".method=",
        ".target=",
        "setAttribute(",
        ".submit(",
    ]
    .iter()
    .any(|change| code.contains(change) && !code.contains(&format!("{change}=")))
}

const ROLES: [Role; 4] = [
    Role::RequestId,
    Role::ReferenceId,
    Role::Password,
    Role::PasswordAgain,
];

/// More controls than this are no form for people.
const MOST_CONTROLS: usize = 500;

/// A body with fewer characters than this and a script is an application that has not started.
const LITTLE_TEXT: usize = 80;
