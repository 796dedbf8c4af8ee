//! A page as a person's eye runs over it: text, ends of lines, cells, and the fields between.

use super::super::controls::{Kind, kind};
use super::super::tree::{Content, Document, NodeIndex, holds_own_text, is_block};

/// A page as a person's eye runs over it.
#[derive(Debug)]
pub(super) enum Token {
    Text {
        at: NodeIndex,
        text: String,
        in_heading: bool,
    },
    Line,
    Cell,
    Field(NodeIndex),
}

/// A control that a person fills in, so that the text before it is not about the next one.
pub(super) fn is_field(page: &Document, at: NodeIndex) -> bool {
    !page.nodes()[at].hidden
        && page
            .element(at)
            .and_then(kind)
            .is_some_and(|kind| matches!(kind, Kind::Text | Kind::Tick | Kind::Select | Kind::File))
}

pub(super) fn tokens(page: &Document) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut open: Vec<(usize, bool)> = Vec::new();
    let boundary = |is_cell: bool| match is_cell {
        true => Token::Cell,
        false => Token::Line,
    };
    let mut at = 0;
    while let Some(node) = page.nodes().get(at) {
        while let Some((_, is_cell)) = open.pop_if(|(end, _)| *end <= at) {
            tokens.push(boundary(is_cell));
        }
        at += 1;
        match &node.content {
            _ if is_field(page, at - 1) => {
                tokens.push(Token::Field(at - 1));
                at = node.end;
            }
            _ if node.hidden => at = node.end,
            Content::Element(element) if holds_own_text(&element.name) => at = node.end,
            Content::Element(element) if is_block(&element.name) => {
                let is_cell = matches!(element.name.as_str(), "td" | "th" | "tr" | "table");
                tokens.push(boundary(is_cell));
                open.push((node.end, is_cell));
            }
            Content::Element(element) => {
                tokens.push(Token::Text {
                    at: at - 1,
                    text: element.picture_text().to_owned(),
                    in_heading: false,
                });
            }
            Content::Text(text) => tokens.push(Token::Text {
                at: at - 1,
                text: text.clone(),
                in_heading: page
                    .ancestors(at - 1)
                    .take(4)
                    .any(|above| page.element(above).is_some_and(|e| is_heading(&e.name))),
            }),
        }
    }
    tokens
}

pub(super) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}
