//! The parser's output: scraper's tree, and beside it which form owns which control.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::collections::HashMap;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, QualName};
use scraper::{Html, HtmlTreeSink};

/// The handle by which the parser names a node.
pub(super) type Handle = <HtmlTreeSink as TreeSink>::Handle;

/// scraper's tree, with the form owners that it does not keep itself.
pub(super) struct OwnerSink {
    tree: HtmlTreeSink,
    owners: RefCell<HashMap<Handle, Handle>>,
    depths: RefCell<HashMap<Handle, usize>>,
    deepest: Cell<usize>,
    /// Rises with whatever the parser has understood.
    steps: Cell<usize>,
}

impl OwnerSink {
    /// An empty page.
    pub(super) fn new() -> Self {
        Self {
            tree: HtmlTreeSink::new(Html::new_document()),
            owners: RefCell::default(),
            depths: RefCell::default(),
            deepest: Cell::default(),
            steps: Cell::default(),
        }
    }

    /// Whether the page is nested deeper or larger than any page for people.
    pub(super) fn is_too_much(&self) -> bool {
        self.deepest.get() > DEEPEST || self.depths.borrow().len() > MOST_ELEMENTS
    }

    /// A number that rises as the parser gets on; it stands still within one tag.
    pub(super) fn steps(&self) -> usize {
        self.steps.get()
    }

    fn step(&self) {
        self.steps.set(self.steps.get().wrapping_add(1));
    }

    fn note_depth(&self, parent: &Handle, child: &NodeOrText<Handle>) {
        self.step();
        if let NodeOrText::AppendNode(child) = child {
            let mut depths = self.depths.borrow_mut();
            let depth = depths.get(parent).map_or(1, |depth| depth + 1);
            depths.insert(*child, depth);
            self.deepest.set(self.deepest.get().max(depth));
        }
    }
}

impl TreeSink for OwnerSink {
    type Handle = Handle;
    type Output = (Html, HashMap<Handle, Handle>);
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Self::Output {
        (self.tree.finish(), self.owners.into_inner())
    }

    fn associate_with_form(
        &self,
        target: &Handle,
        form: &Handle,
        _nodes: (&Handle, Option<&Handle>),
    ) {
        self.owners.borrow_mut().insert(*target, *form);
    }

    // Every page has parse errors; none of them matters here.
    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.tree.set_quirks_mode(mode);
    }

    fn get_document(&self) -> Handle {
        self.tree.get_document()
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        self.tree.same_node(x, y)
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> Self::ElemName<'a> {
        self.step();
        self.tree.elem_name(target)
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        flags: ElementFlags,
    ) -> Handle {
        self.tree.create_element(name, attributes, flags)
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        self.step();
        self.tree.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Handle {
        self.tree.create_pi(target, data)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.note_depth(parent, &child);
        self.tree.append(parent, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        previous: &Handle,
        child: NodeOrText<Handle>,
    ) {
        self.note_depth(element, &child);
        self.tree
            .append_based_on_parent_node(element, previous, child);
    }

    fn append_doctype_to_document(
        &self,
        name: StrTendril,
        public_id: StrTendril,
        system_id: StrTendril,
    ) {
        self.tree
            .append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &Handle) -> Handle {
        self.tree.get_template_contents(target)
    }

    fn append_before_sibling(&self, sibling: &Handle, node: NodeOrText<Handle>) {
        self.note_depth(sibling, &node);
        self.tree.append_before_sibling(sibling, node);
    }

    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        self.tree.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.tree.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        self.tree.reparent_children(node, new_parent);
    }
}

/// Elements nested deeper than this are no page for people; browsers stop at 512.
const DEEPEST: usize = 1_024;

/// More elements than this are no page for people either.
const MOST_ELEMENTS: usize = 100_000;
