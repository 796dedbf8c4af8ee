//! Where and how the form is sent, and everything that a browser would send with it.

use encoding_rs::Encoding as Charset;
use url::Url;

use super::button::{Button, sends_without_itself};
use super::{Candidate, name_of};
use crate::retrieval::page::address::{base, hold_to_site, resolve};
use crate::retrieval::page::controls::{Control, Kind, untouched_values};
use crate::retrieval::page::tree::NodeIndex;
use crate::retrieval::page::{Encoding, Entry, Role, UnknownReason, Value, charset};

impl<'a> Candidate<'a> {
    /// The address of a form that is posted; any other would put the secrets into the address.
    pub(super) fn action(
        &self,
        url: &Url,
        page_charset: &'static Charset,
        button: &Button<'_>,
    ) -> Result<Url, UnknownReason> {
        match self.is_posted(button) {
            true => self.target(url, page_charset, button),
            false => Err(UnknownReason::SentByGet),
        }
    }

    pub(super) fn is_posted(&self, button: &Button<'_>) -> bool {
        let method = self.button_or_form(button, "formmethod", "method");
        method.trim().eq_ignore_ascii_case("post")
    }

    pub(super) fn target(
        &self,
        url: &Url,
        page_charset: &'static Charset,
        button: &Button<'_>,
    ) -> Result<Url, UnknownReason> {
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

    pub(super) fn encoding(&self, button: &Button<'_>) -> Result<Encoding, UnknownReason> {
        let encoding = self.button_or_form(button, "formenctype", "enctype");
        match encoding.trim().to_ascii_lowercase().as_str() {
            "multipart/form-data" => Ok(Encoding::Multipart),
            "text/plain" => Err(UnknownReason::UnknownEncoding),
            _ => Ok(Encoding::UrlEncoded),
        }
    }

    /// accept-charset, else the page's own.
    pub(super) fn charset(&self, page_charset: &'static Charset) -> &'static Charset {
        self.attribute("accept-charset")
            .split([' ', ','])
            .find_map(charset::for_label)
            .unwrap_or(page_charset)
            .output_encoding()
    }

    /// Everything that a browser would send, in the page's order.
    pub(super) fn entries(
        &self,
        fields: &[(Role, Control<'a>)],
        ticks: &[NodeIndex],
        button: &Button<'_>,
        charset: &'static Charset,
    ) -> Vec<Entry> {
        let mut entries = Vec::new();
        for control in self.controls.iter().filter(|control| !control.disabled) {
            if self.page.enclosing(control.at, "datalist").is_some() {
                continue;
            }
            let role = fields
                .iter()
                .find(|(_, field)| field.at == control.at)
                .map(|(role, _)| *role);
            if ticks.contains(&control.at) {
                entries.extend(ticked(control));
                continue;
            }
            let pressed = button
                .control
                .is_some_and(|b| b.at == control.at && !sends_without_itself(&b));
            entries.extend(self.entries_of(control, role, pressed, charset));
        }
        entries
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

    /// A button's own attribute goes before the form's.
    fn button_or_form(&self, button: &Button<'_>, on_button: &str, on_form: &str) -> String {
        button
            .control
            .filter(|control| control.kind == Kind::Submit)
            .and_then(|control| control.element.attribute(on_button))
            .map_or_else(|| self.attribute(on_form), str::to_owned)
    }
}

/// What a tick sends once it is set.
fn ticked(control: &Control<'_>) -> Option<Entry> {
    Some(Entry {
        name: name_of(control)?.to_owned(),
        value: Value::Fixed(
            control
                .element
                .attribute("value")
                .unwrap_or("on")
                .to_owned(),
        ),
    })
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
