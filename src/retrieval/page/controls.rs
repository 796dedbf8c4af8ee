//! The controls of a page: what a form owns, what it sends, what a person must fill in.

use super::tree::{Document, Element, NodeIndex};

/// What a control is to the person in front of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A field to type into.
    Text,
    /// Sent as it is, unseen.
    Hidden,
    /// A tick or one choice of several.
    Tick,
    /// A list.
    Select,
    /// A file to choose.
    File,
    /// Sends the form; `type=image` sends the place of the click.
    Submit,
    /// Does something by script.
    Push,
    /// Empties the form, or is no control of the form's data.
    Inert,
}

/// One control.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Control<'a> {
    /// Where it stands.
    pub(crate) at: NodeIndex,
    /// Its element.
    pub(crate) element: &'a Element,
    /// What it is.
    pub(crate) kind: Kind,
    /// Whether it cannot be used.
    pub(crate) disabled: bool,
    /// Whether a person cannot see it.
    pub(crate) hidden: bool,
}

impl Control<'_> {
    /// Whether a person sees it and may fill it in.
    pub(crate) fn is_visible_field(&self) -> bool {
        !self.hidden
            && !self.disabled
            && matches!(
                self.kind,
                Kind::Text | Kind::Tick | Kind::Select | Kind::File
            )
    }
}

/// Every control of the page, with the form that owns it, in document order.
pub(crate) fn controls(page: &Document) -> Vec<(Control<'_>, Option<NodeIndex>)> {
    page.elements()
        .filter_map(|(at, element)| {
            let kind = kind(element)?;
            let control = Control {
                at,
                element,
                kind,
                disabled: is_disabled(page, at, element),
                hidden: kind == Kind::Hidden || page.nodes()[at].hidden,
            };
            Some((control, page.form_owner(at)))
        })
        .collect()
}

/// The kind of an element; `None` when it is no control.
pub(crate) fn kind(element: &Element) -> Option<Kind> {
    Some(match element.name.as_str() {
        "input" => match element.keyword("type").as_str() {
            "hidden" => Kind::Hidden,
            "checkbox" | "radio" => Kind::Tick,
            "file" => Kind::File,
            "submit" | "image" => Kind::Submit,
            "button" => Kind::Push,
            "reset" => Kind::Inert,
            // Browsers show what they do not know as a text field.
            _ => Kind::Text,
        },
        "textarea" => Kind::Text,
        "select" => Kind::Select,
        "button" => match element.keyword("type").as_str() {
            "button" => Kind::Push,
            "reset" => Kind::Inert,
            _ => Kind::Submit,
        },
        _ => return None,
    })
}

/// What the control sends when nobody touches it, as the standard's entry list has it.
pub(crate) fn untouched_values(page: &Document, control: &Control<'_>) -> Vec<String> {
    let element = control.element;
    match control.kind {
        Kind::Tick if !element.has("checked") => vec![],
        Kind::Tick => vec![element.attribute("value").unwrap_or("on").to_owned()],
        Kind::Select => selected(page, control)
            .into_iter()
            .map(|(_, value)| value)
            .collect(),
        Kind::File => vec![String::new()],
        _ if element.name == "textarea" => vec![raw_text(page, control.at)],
        _ => vec![element.attribute("value").unwrap_or_default().to_owned()],
    }
}

/// The characters in an element as they stand.
pub(crate) fn raw_text(page: &Document, at: NodeIndex) -> String {
    page.nodes()[at..page.nodes()[at].end]
        .iter()
        .filter_map(|node| match &node.content {
            super::tree::Content::Text(text) => Some(text.as_str()),
            super::tree::Content::Element(_) => None,
        })
        .collect()
}

/// What a button says: its text, value, alternative text or label, in this order.
pub(crate) fn button_caption(page: &Document, control: &Control<'_>) -> String {
    let element = control.element;
    let text = match element.name.as_str() {
        "button" | "a" => page.visible_text(control.at),
        _ if element.keyword("type") == "image" => String::new(),
        _ => element.attribute("value").unwrap_or_default().to_owned(),
    };
    let images = page
        .named("img")
        .filter(|(at, _)| (control.at..page.nodes()[control.at].end).contains(at))
        .filter_map(|(_, image)| image.attribute("alt"));
    std::iter::once(text.as_str())
        .chain(images)
        .chain(
            ["alt", "aria-label", "title"]
                .iter()
                .filter_map(|name| element.attribute(name)),
        )
        .map(str::trim)
        .find(|caption| !caption.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// What the chosen options of a list say.
pub(crate) fn chosen_options(page: &Document, control: &Control<'_>) -> Vec<String> {
    selected(page, control)
        .into_iter()
        .map(|(at, _)| super::tree::fold_blanks(&raw_text(page, at)))
        .collect()
}

/// The chosen options of a list, with what they send.
fn selected(page: &Document, control: &Control<'_>) -> Vec<(NodeIndex, String)> {
    let options: Vec<_> = page
        .named("option")
        .filter(|(at, _)| (control.at..page.nodes()[control.at].end).contains(at))
        .collect();
    let usable = |(at, option): &&(NodeIndex, &Element)| {
        !option.has("disabled")
            && !page
                .enclosing(*at, "optgroup")
                .and_then(|group| page.element(group))
                .is_some_and(|group| group.has("disabled"))
    };
    let value = |(at, option): &(NodeIndex, &Element)| match option.attribute("value") {
        Some(value) => (*at, value.to_owned()),
        None => (*at, super::tree::fold_blanks(&raw_text(page, *at))),
    };
    let chosen = || options.iter().filter(|(_, option)| option.has("selected"));
    match control.element.has("multiple") {
        true => chosen().filter(usable).map(value).collect(),
        // Of several marked options the last one counts; without a mark the first usable one is shown.
        false => match chosen().next_back() {
            Some(option) => Some(option).into_iter().filter(usable).map(value).collect(),
            None => options.iter().find(usable).map(value).into_iter().collect(),
        },
    }
}

/// Disabled itself, or in a disabled fieldset outside of its first legend.
fn is_disabled(page: &Document, at: NodeIndex, element: &Element) -> bool {
    element.has("disabled")
        || page.ancestors(at).any(|around| {
            page.element(around)
                .is_some_and(|e| e.name == "fieldset" && e.has("disabled"))
                && !first_legend(page, around)
                    .is_some_and(|legend| page.ancestors(at).any(|a| a == legend))
        })
}

/// The legend of a fieldset.
pub(crate) fn first_legend(page: &Document, fieldset: NodeIndex) -> Option<NodeIndex> {
    page.children(fieldset)
        .find(|&at| page.element(at).is_some_and(|e| e.name == "legend"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(html: &str) -> Vec<String> {
        let page = Document::parse(html);
        controls(&page)
            .iter()
            .filter(|(control, _)| !control.disabled)
            .flat_map(|(control, _)| untouched_values(&page, control))
            .collect()
    }

    #[test]
    fn untouched_controls_send_what_a_browser_sends() {
        assert_eq!(
            sent("<input type=checkbox><input type=radio checked>"),
            ["on"]
        );
        assert_eq!(
            sent("<select><option>一<option value=2>二</select>"),
            ["一"]
        );
        assert_eq!(
            sent("<select><option disabled>選択<option value=2>二<option selected>三</select>"),
            ["三"]
        );
        assert!(sent("<select multiple><option>一</select>").is_empty());
        assert_eq!(sent("<textarea>\n文\n</textarea>"), ["文\n"]);
        assert_eq!(sent("<input type=hidden value=token>"), ["token"]);
    }

    #[test]
    fn a_disabled_fieldset_disables_all_but_its_legend() {
        let html = "<fieldset disabled><legend><input value=a></legend><input value=b></fieldset>";
        assert_eq!(sent(html), ["a"]);
    }

    #[test]
    fn a_button_says_its_text_or_what_stands_for_it() {
        for (html, caption) in [
            ("<button> ダウン<b>ロード</b> </button>", "ダウンロード"),
            ("<input type=submit value=取得>", "取得"),
            (
                "<input type=image value=x alt=ダウンロード>",
                "ダウンロード",
            ),
            ("<button><img alt=ダウンロード></button>", "ダウンロード"),
            ("<button aria-label=ダウンロード></button>", "ダウンロード"),
            ("<input type=submit>", ""),
        ] {
            let page = Document::parse(html);
            let found = controls(&page);
            assert_eq!(button_caption(&page, &found[0].0), caption, "{html}");
        }
    }
}
