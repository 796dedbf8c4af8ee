//! An HTML page as a flat list of nodes in document order.
//!
//! The parser is html5ever, driven through scraper's tree so that the form owner which the parser
//! assigns is kept: a form opened inside a table ends up empty in the tree and yet owns the controls that
//! follow it (HTML standard, "form owner"). A flat list in document order makes "the text before this
//! input" a walk backwards, and no depth of nesting can exhaust the stack.
//!
//! Scripts do not run, so `noscript` counts as text, and what is hidden by `hidden`, by an inline style or
//! by one of the usual class names counts as not there.

mod sink;

use std::collections::HashMap;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, parse_document};
use scraper::{Html, Node as ParsedNode};

use sink::{Handle, OwnerSink};

/// Position of a node in document order.
pub(crate) type NodeIndex = usize;

/// A parsed page.
#[derive(Debug)]
pub(crate) struct Document {
    nodes: Vec<Node>,
    by_id: HashMap<String, NodeIndex>,
    whole: bool,
}

/// One node of the page.
#[derive(Debug)]
pub(crate) struct Node {
    /// The element that holds this node.
    pub(crate) parent: Option<NodeIndex>,
    /// One past the last node below this one.
    pub(crate) end: NodeIndex,
    /// Whether a person cannot see it.
    pub(crate) hidden: bool,
    /// Element or text.
    pub(crate) content: Content,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Content {
    /// An element.
    Element(Element),
    /// Characters.
    Text(String),
}

/// An element with its attributes.
#[derive(Debug)]
pub(crate) struct Element {
    /// Its name in lower case.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// The form that the parser gave it.
    parser_owner: Option<NodeIndex>,
}

impl Element {
    /// The value of an attribute; an attribute without value has an empty one.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the attribute is there at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// What a picture says to those who do not see it; sites draw their labels as pictures.
    pub(crate) fn picture_text(&self) -> &str {
        match self.name.as_str() {
            "img" => self.attribute("alt").unwrap_or_default(),
            _ => "",
        }
    }

    /// An attribute's keyword: trimmed, in lower case, empty when missing.
    pub(crate) fn keyword(&self, name: &str) -> String {
        self.attribute(name)
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default()
    }
}

impl Document {
    /// Parses any text; HTML has no syntax that fails.
    ///
    /// The parser's time grows with the square of the depth and of the attributes of one tag, so a page nested deeper
    /// or larger than any that a person could fill in is read as far as the bound only: see [`Document::is_whole`].
    pub(crate) fn parse(html: &str) -> Self {
        let options = ParseOpts {
            tree_builder: TreeBuilderOpts {
                scripting_enabled: false,
                ..TreeBuilderOpts::default()
            },
            ..ParseOpts::default()
        };
        let mut parser = parse_document(OwnerSink::new(), options);
        let mut whole = true;
        let mut rest = html;
        let (mut steps, mut words_in_tag) = (0, 0);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE.min(rest.len())));
            parser.process(StrTendril::from(piece));
            rest = after;
            let sink = &parser.tokenizer.sink.sink;
            words_in_tag = match sink.steps() == steps {
                true => words_in_tag + piece.split_ascii_whitespace().count(),
                false => 0,
            };
            steps = sink.steps();
            if sink.is_too_much() || words_in_tag > MOST_WORDS_IN_A_TAG {
                whole = false;
                break;
            }
        }
        let (html, owners) = parser.finish();
        Self::flatten(&html, &owners, whole)
    }

    /// Whether all of the page was read.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// All nodes in document order.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The element at `index`, when it is one.
    pub(crate) fn element(&self, index: NodeIndex) -> Option<&Element> {
        match &self.nodes.get(index)?.content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        }
    }

    /// Every element with its position.
    pub(crate) fn elements(&self) -> impl Iterator<Item = (NodeIndex, &Element)> {
        (0..self.nodes.len()).filter_map(|index| Some((index, self.element(index)?)))
    }

    /// Every element of one name.
    pub(crate) fn named(&self, name: &'static str) -> impl Iterator<Item = (NodeIndex, &Element)> {
        self.elements()
            .filter(move |(_, element)| element.name == name)
    }

    /// The first element that carries this id.
    pub(crate) fn by_id(&self, id: &str) -> Option<NodeIndex> {
        self.by_id.get(id).copied()
    }

    /// The elements around a node, nearest first.
    pub(crate) fn ancestors(&self, index: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        std::iter::successors(self.nodes[index].parent, |&at| self.nodes[at].parent)
    }

    /// The nodes directly below one.
    pub(crate) fn children(&self, index: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        let end = self.nodes[index].end;
        let first = Some(index + 1).filter(|at| *at < end);
        std::iter::successors(first, move |&at| {
            Some(self.nodes[at].end).filter(|next| *next < end)
        })
    }

    /// The nearest element of this name around a node.
    pub(crate) fn enclosing(&self, index: NodeIndex, name: &str) -> Option<NodeIndex> {
        self.ancestors(index)
            .find(|&at| self.element(at).is_some_and(|e| e.name == name))
    }

    /// The form that a control belongs to, by the HTML standard's rule.
    pub(crate) fn form_owner(&self, control: NodeIndex) -> Option<NodeIndex> {
        let element = self.element(control)?;
        if let Some(id) = element.attribute("form") {
            return self
                .by_id(id)
                .filter(|&at| self.element(at).is_some_and(|e| e.name == "form"));
        }
        element
            .parser_owner
            .or_else(|| self.enclosing(control, "form"))
    }

    /// The text that a person sees inside a node, blanks folded, without what stands inside controls.
    pub(crate) fn visible_text(&self, index: NodeIndex) -> String {
        let mut text = String::new();
        let mut at = index;
        while at < self.nodes[index].end {
            let node = &self.nodes[at];
            match &node.content {
                Content::Text(_) if node.hidden => {}
                Content::Text(characters) => text.push_str(characters),
                Content::Element(element) if at != index && holds_own_text(&element.name) => {
                    text.push(' ');
                    at = node.end;
                    continue;
                }
                Content::Element(element) if is_block(&element.name) => text.push(' '),
                Content::Element(element) if !node.hidden => text.push_str(element.picture_text()),
                Content::Element(_) => {}
            }
            at += 1;
        }
        fold_blanks(&text)
    }

    fn flatten(html: &Html, owners: &HashMap<Handle, Handle>, whole: bool) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut positions: HashMap<Handle, NodeIndex> = HashMap::new();
        let mut pending = vec![(html.tree.root(), None::<NodeIndex>)];
        while let Some((parsed, parent)) = pending.pop() {
            let content = match parsed.value() {
                ParsedNode::Text(text) => Some(Content::Text(text.text.to_string())),
                ParsedNode::Element(element) => Some(Content::Element(Element {
                    name: element.name().to_ascii_lowercase(),
                    attributes: element
                        .attrs()
                        .map(|(name, value)| (name.to_owned(), value.to_owned()))
                        .collect(),
                    parser_owner: None,
                })),
                ParsedNode::Document => None,
                // Comments, doctypes and the content of templates are no part of what is shown.
                _ => continue,
            };
            let here = content.map_or(parent, |content| {
                let hidden = parent.is_some_and(|at| nodes[at].hidden) || is_hidden(&content);
                positions.insert(parsed.id(), nodes.len());
                nodes.push(Node {
                    parent,
                    end: nodes.len() + 1,
                    hidden,
                    content,
                });
                Some(nodes.len() - 1)
            });
            pending.extend(parsed.children().rev().map(|child| (child, here)));
        }
        set_ends(&mut nodes);
        set_owners(&mut nodes, owners, &positions);
        let by_id = ids(&nodes);
        Self {
            nodes,
            by_id,
            whole,
        }
    }
}

/// Elements whose text belongs to the control, not to its caption.
pub(crate) fn holds_own_text(name: &str) -> bool {
    matches!(name, "select" | "textarea" | "button" | "datalist")
}

/// Elements that begin and end a line of text.
pub(crate) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "br"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "legend"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}

/// One line: runs of blanks become one, none at the ends.
pub(crate) fn fold_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_hidden(content: &Content) -> bool {
    let Content::Element(element) = content else {
        return false;
    };
    // A page that hides all of itself shows it by script, once it knows that nobody has put it into a frame.
    if matches!(element.name.as_str(), "html" | "body") {
        return false;
    }
    if matches!(
        element.name.as_str(),
        "head"
            | "script"
            | "style"
            | "template"
            | "object"
            | "iframe"
            | "svg"
            | "title"
            | "rt"
            | "rp"
    ) || (element.name == "input"
        && (element.keyword("type") == "hidden" || element.keyword("aria-hidden") == "true"))
    {
        return true;
    }
    is_out_of_sight(element)
}

/// Whether an element's own attributes hide it.
pub(crate) fn is_out_of_sight(element: &Element) -> bool {
    let style: String = element
        .keyword("style")
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    element.has("hidden")
        || HIDING_STYLES.iter().any(|hiding| style.contains(hiding))
        || element
            .keyword("class")
            .split_whitespace()
            .any(|class| HIDING_CLASSES.contains(&class))
}

/// A node's subtree ends where the next node that is not below it begins.
fn set_ends(nodes: &mut [Node]) {
    for index in (0..nodes.len()).rev() {
        let end = nodes[index].end;
        if let Some(parent) = nodes[index].parent
            && nodes[parent].end < end
        {
            nodes[parent].end = end;
        }
    }
}

fn set_owners(
    nodes: &mut [Node],
    owners: &HashMap<Handle, Handle>,
    positions: &HashMap<Handle, NodeIndex>,
) {
    for (control, form) in owners {
        let (Some(&control), Some(&form)) = (positions.get(control), positions.get(form)) else {
            continue;
        };
        if let Content::Element(element) = &mut nodes[control].content {
            element.parser_owner = Some(form);
        }
    }
}

fn ids(nodes: &[Node]) -> HashMap<String, NodeIndex> {
    let mut by_id = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        if let Content::Element(element) = &node.content
            && let Some(id) = element.attribute("id")
        {
            by_id.entry(id.to_owned()).or_insert(index);
        }
    }
    by_id
}

/// Bytes parsed between two looks at the bounds.
const PIECE: usize = 4_096;

/// Each word in a tag may be an attribute, and no honest tag has so many; a picture within a tag is one word.
const MOST_WORDS_IN_A_TAG: usize = 10_000;

/// Inline styles that take an element out of sight.
const HIDING_STYLES: [&str; 6] = [
    "display:none",
    "visibility:hidden",
    "opacity:0;",
    "left:-9",
    "top:-9",
    "clip:rect(0",
];

/// Class names that, on every framework known to us, take an element out of sight.
const HIDING_CLASSES: [&str; 5] = ["hidden", "hide", "d-none", "is-hidden", "invisible"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_opened_inside_a_table_owns_the_inputs_of_the_rows() {
        let page = Document::parse(
            "<table><form id=f><tr><td><input name=a></td></tr></form></table><input name=b>",
        );
        let form = page.by_id("f").unwrap();
        assert_eq!(page.nodes()[form].end, form + 1);
        let owners: Vec<_> = page
            .named("input")
            .map(|(index, _)| page.form_owner(index))
            .collect();
        assert_eq!(owners, [Some(form), None]);
    }

    #[test]
    fn a_form_attribute_wins_over_the_form_around() {
        let page = Document::parse(
            "<form id=a><input form=b><input form=none></form><form id=b></form><div id=none>",
        );
        let owners: Vec<_> = page
            .named("input")
            .map(|(index, _)| page.form_owner(index))
            .collect();
        assert_eq!(owners, [page.by_id("b"), None]);
    }

    #[test]
    fn what_cannot_be_seen_is_no_text() {
        let page = Document::parse(
            "<body>見える<span hidden>x</span><b style='display: none'>x</b><i class='d-none'>x</i>\
             <script>x</script><template>x</template><p>二行目</p>",
        );
        let body = page.named("body").next().unwrap().0;
        assert_eq!(page.visible_text(body), "見える 二行目");
    }

    #[test]
    fn a_page_that_hides_all_of_itself_until_its_script_has_run_is_read() {
        let page = Document::parse(
            "<html hidden><body class=hide style='display:none'>見える<p hidden>x</p>",
        );
        let body = page.named("body").next().unwrap().0;
        assert_eq!(page.visible_text(body), "見える");
    }

    #[test]
    fn a_page_nested_or_long_beyond_reason_is_read_up_to_a_bound() {
        for tag in [
            "<div>",
            "<b>",
            "<table><td>",
            "<a href=x>",
            "<form><p>",
            "<ul><li>",
        ] {
            let page = Document::parse(&tag.repeat(200_000));
            assert!(!page.is_whole(), "{tag}");
        }
        assert!(!Document::parse(&"<br>".repeat(200_000)).is_whole());
        assert!(Document::parse(&"証明書".repeat(200_000)).is_whole());
        let attributes: String = (0..200_000).map(|n| format!(" a{n}")).collect();
        assert!(!Document::parse(&format!("<input{attributes}>")).is_whole());
        let picture = "A".repeat(500_000);
        assert!(Document::parse(&format!("<img src='data:{picture}'>")).is_whole());
    }
}
