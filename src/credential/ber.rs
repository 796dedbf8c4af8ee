//! Reads the BER that real PKCS#12 writers send, and writes DER.
//!
//! PKCS#12 allows BER (RFC 7292 §4): NSS, BouncyCastle and EJBCA send indefinite lengths and strings in
//! pieces, which DER readers refuse. This one takes any bytes: depth and count are bounded, nothing
//! panics, and a cut file is told from a broken one. It knows one-byte tags only; PKCS#12 uses no others.
//!
//! Encoding rules: ITU-T X.690 §8 (BER) and §10 (DER).

use std::borrow::Cow;

use thiserror::Error;

/// One element: its tag, what it holds, and where it stood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Node<'a> {
    pub(super) tag: u8,
    pub(super) body: Body<'a>,
    at: usize,
}

/// Bytes, or further elements.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Body<'a> {
    Primitive(&'a [u8]),
    Constructed(Vec<Node<'a>>),
}

/// Why bytes cannot be read; positions count from 0.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(super) enum BerError {
    #[error("the bytes end inside an element")]
    Truncated,
    #[error("no readable element at byte {at}")]
    Malformed { at: usize },
    #[error("elements lie too deep at byte {at}")]
    TooDeep { at: usize },
    #[error("too many elements")]
    TooMany,
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]` around another element (explicit), or a string in pieces (implicit).
pub(super) const CONTEXT_0_CONSTRUCTED: u8 = 0xa0;
/// `[0]` in place of a string's own tag.
pub(super) const CONTEXT_0: u8 = 0x80;

/// Reads the element at the start of `bytes`; the second value is how many bytes follow it.
pub(super) fn parse(bytes: &[u8]) -> Result<(Node<'_>, usize), BerError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        nodes: 0,
    };
    let node = reader.element(Bound::open(bytes.len()), 0)?;
    Ok((node, bytes.len() - reader.at))
}

impl<'a> Node<'a> {
    /// The elements inside, when the tag is `tag`.
    pub(super) fn children(&self, tag: u8) -> Option<&[Node<'a>]> {
        match &self.body {
            Body::Constructed(nodes) if self.tag == tag => Some(nodes),
            _ => None,
        }
    }

    /// The one element inside an explicit `[0]`.
    pub(super) fn explicit(&self) -> Option<&Node<'a>> {
        match self.children(CONTEXT_0_CONSTRUCTED)? {
            [node] => Some(node),
            _ => None,
        }
    }

    /// The bytes of an OCTET STRING, whole or in pieces.
    pub(super) fn octets(&self) -> Option<Cow<'a, [u8]>> {
        match self.tag & !CONSTRUCTED {
            OCTET_STRING => self.joined(),
            _ => None,
        }
    }

    /// The bytes of a string that carries `[0]` in place of its own tag.
    pub(super) fn implicit_octets(&self) -> Option<Cow<'a, [u8]>> {
        match self.tag & !CONSTRUCTED {
            CONTEXT_0 => self.joined(),
            _ => None,
        }
    }

    /// The value of an INTEGER that is neither negative nor larger than 64 bits.
    pub(super) fn unsigned(&self) -> Option<u64> {
        let Body::Primitive(bytes) = &self.body else {
            return None;
        };
        let significant = match bytes {
            [] => return None,
            [first, ..] if self.tag != INTEGER || first & 0x80 != 0 => return None,
            [0, rest @ ..] => rest,
            whole => whole,
        };
        if significant.len() > 8 {
            return None;
        }
        Some(
            significant
                .iter()
                .fold(0, |value, &byte| value << 8 | u64::from(byte)),
        )
    }

    /// An OBJECT IDENTIFIER in dotted numbers.
    pub(super) fn object_identifier(&self) -> Option<String> {
        match &self.body {
            Body::Primitive(bytes) if self.tag == OBJECT_IDENTIFIER => dotted(bytes),
            _ => None,
        }
    }

    /// Definite lengths throughout, OCTET STRINGs in one piece.
    pub(super) fn to_der(&self) -> Vec<u8> {
        match &self.body {
            Body::Primitive(bytes) => tagged(self.tag, bytes),
            Body::Constructed(nodes) => match self.octets() {
                Some(joined) => tagged(OCTET_STRING, &joined),
                None => {
                    let inside: Vec<u8> = nodes.iter().flat_map(Node::to_der).collect();
                    tagged(self.tag, &inside)
                }
            },
        }
    }

    fn joined(&self) -> Option<Cow<'a, [u8]>> {
        match &self.body {
            Body::Primitive(bytes) => Some(Cow::Borrowed(bytes)),
            Body::Constructed(pieces) => {
                let mut whole = Vec::new();
                for piece in pieces {
                    whole.extend_from_slice(&piece.octets()?);
                }
                Some(Cow::Owned(whole))
            }
        }
    }
}

/// One element in DER.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = Vec::with_capacity(length + 10);
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < LONG_FORM => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let leading = bytes.iter().take_while(|&&byte| byte == 0).count();
            let significant = &bytes[leading..];
            // A usize has at most eight bytes, so their count fits the low bits.
            out.push(LONG_FORM | significant.len() as u8);
            out.extend_from_slice(significant);
        }
    }
    out.extend_from_slice(content);
    out
}

/// Several elements as one SEQUENCE in DER.
pub(super) fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    tagged(SEQUENCE, &elements.concat())
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: usize,
}

/// Where an element must end, and whether running past that means that the file was cut.
#[derive(Clone, Copy)]
struct Bound {
    end: usize,
    is_end_of_file: bool,
}

impl Bound {
    fn open(end: usize) -> Self {
        Self {
            end,
            is_end_of_file: true,
        }
    }

    fn exceeded(self, at: usize) -> BerError {
        match self.is_end_of_file {
            true => BerError::Truncated,
            false => BerError::Malformed { at },
        }
    }
}

impl<'a> Reader<'a> {
    fn element(&mut self, bound: Bound, depth: usize) -> Result<Node<'a>, BerError> {
        let at = self.at;
        if depth > MAX_DEPTH {
            return Err(BerError::TooDeep { at });
        }
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(BerError::TooMany);
        }
        let tag = self.byte(bound)?;
        if tag & HIGH_TAG == HIGH_TAG {
            return Err(BerError::Malformed { at });
        }
        if tag == 0 {
            // Half an end-of-contents mark is a cut, a whole one out of place is not.
            self.byte(bound)?;
            return Err(BerError::Malformed { at });
        }
        let body = match (self.length(bound)?, tag & CONSTRUCTED != 0) {
            (Some(length), constructed) => {
                let end = self
                    .at
                    .checked_add(length)
                    .filter(|&end| end <= bound.end)
                    .ok_or(bound.exceeded(at))?;
                self.definite(end, constructed, depth)?
            }
            (None, true) => Body::Constructed(self.until_end_of_contents(bound, depth)?),
            (None, false) => return Err(BerError::Malformed { at }),
        };
        Ok(Node { tag, body, at })
    }

    fn definite(
        &mut self,
        end: usize,
        constructed: bool,
        depth: usize,
    ) -> Result<Body<'a>, BerError> {
        if !constructed {
            let content = &self.bytes[self.at..end];
            self.at = end;
            return Ok(Body::Primitive(content));
        }
        let inside = Bound {
            end,
            is_end_of_file: false,
        };
        let mut nodes = Vec::new();
        while self.at < end {
            nodes.push(self.element(inside, depth + 1)?);
        }
        Ok(Body::Constructed(nodes))
    }

    fn until_end_of_contents(
        &mut self,
        bound: Bound,
        depth: usize,
    ) -> Result<Vec<Node<'a>>, BerError> {
        let mut nodes = Vec::new();
        loop {
            if self.bytes[self.at..bound.end].starts_with(&[0, 0]) {
                self.at += 2;
                return Ok(nodes);
            }
            nodes.push(self.element(bound, depth + 1)?);
        }
    }

    /// `None` is the indefinite length.
    fn length(&mut self, bound: Bound) -> Result<Option<usize>, BerError> {
        let at = self.at;
        let first = self.byte(bound)?;
        if first < LONG_FORM {
            return Ok(Some(usize::from(first)));
        }
        if first == LONG_FORM {
            return Ok(None);
        }
        let mut length = 0_usize;
        for _ in 0..first & !LONG_FORM {
            let byte = self.byte(bound)?;
            length = length
                .checked_mul(256)
                .and_then(|length| length.checked_add(usize::from(byte)))
                .ok_or(BerError::Malformed { at })?;
        }
        Ok(Some(length))
    }

    fn byte(&mut self, bound: Bound) -> Result<u8, BerError> {
        if self.at >= bound.end {
            return Err(bound.exceeded(self.at));
        }
        let byte = self.bytes[self.at];
        self.at += 1;
        Ok(byte)
    }
}

/// Object identifiers as people look them up (X.690 §8.19).
fn dotted(bytes: &[u8]) -> Option<String> {
    let (mut arcs, mut arc) = (Vec::new(), 0_u64);
    for &byte in bytes {
        arc = arc.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    let (&first, rest) = arcs.split_first()?;
    let root = (first / 40).min(2);
    let whole = [root, first - 40 * root]
        .into_iter()
        .chain(rest.iter().copied());
    (bytes.last()? & 0x80 == 0).then(|| {
        whole
            .map(|arc| arc.to_string())
            .collect::<Vec<_>>()
            .join(".")
    })
}

const CONSTRUCTED: u8 = 0x20;
const HIGH_TAG: u8 = 0x1f;
const LONG_FORM: u8 = 0x80;
/// PKCS#12 nests some twelve levels.
const MAX_DEPTH: usize = 32;
/// A string in pieces of one kilobyte stays far below.
const MAX_NODES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SEQUENCE { INTEGER 3, [0] { OCTET STRING in two pieces } }, every length indefinite.
    const INDEFINITE: &[u8] = &[
        0x30, 0x80, 0x02, 0x01, 0x03, 0xa0, 0x80, 0x24, 0x80, 0x04, 0x02, b'a', b'b', 0x04, 0x01,
        b'c', 0, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn indefinite_lengths_and_pieces_become_der() {
        let (node, rest) = parse(INDEFINITE).unwrap();
        assert_eq!(rest, 0);
        assert_eq!(
            node.to_der(),
            [
                0x30, 0x0a, 0x02, 0x01, 0x03, 0xa0, 0x05, 0x04, 0x03, b'a', b'b', b'c'
            ]
        );
    }

    #[test]
    fn a_cut_file_is_told_from_a_broken_one() {
        for end in 0..INDEFINITE.len() {
            assert_eq!(
                parse(&INDEFINITE[..end]).unwrap_err(),
                BerError::Truncated,
                "{end}"
            );
        }
        let child_longer_than_its_parent = [0x30, 0x03, 0x04, 0x05, 0, 0, 0, 0, 0];
        assert_eq!(
            parse(&child_longer_than_its_parent).unwrap_err(),
            BerError::Malformed { at: 2 }
        );
    }

    #[test]
    fn hostile_lengths_and_depths_are_refused() {
        let mut length_of_127_bytes = vec![0x04, 0xff];
        length_of_127_bytes.extend([0xff; 200]);
        assert!(matches!(
            parse(&length_of_127_bytes),
            Err(BerError::Malformed { .. })
        ));
        let deep = [0x30, 0x80].repeat(100_000);
        assert!(matches!(parse(&deep), Err(BerError::TooDeep { .. })));
        let mut wide = vec![0x30, 0x80];
        wide.extend([0x05, 0x00].repeat(200_000));
        assert_eq!(parse(&wide).unwrap_err(), BerError::TooMany);
        assert!(matches!(
            parse(&[0x04, 0x80, 0, 0]),
            Err(BerError::Malformed { .. })
        ));
    }

    #[test]
    fn bytes_after_the_element_are_counted() {
        assert_eq!(parse(&[0x02, 0x01, 0x03, b'\r', b'\n']).unwrap().1, 2);
    }

    #[test]
    fn numbers_and_identifiers_are_read() {
        let number = |bytes: &[u8]| parse(bytes).unwrap().0.unsigned();
        assert_eq!(number(&[0x02, 0x03, 0x09, 0x27, 0xc0]), Some(600_000));
        assert_eq!(number(&[0x02, 0x02, 0x00, 0xff]), Some(255));
        assert_eq!(number(&[0x02, 0x01, 0xff]), None);
        assert_eq!(number(&[0x02, 0x00]), None);
        let (oid, _) = parse(&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]).unwrap();
        assert_eq!(oid.object_identifier().unwrap(), "1.2.840.113549.1.7.1");
        let (cut, _) = parse(&[0x06, 0x02, 0x2a, 0x86]).unwrap();
        assert_eq!(cut.object_identifier(), None);
    }

    fn tree() -> impl Strategy<Value = Vec<u8>> {
        let leaf = (
            prop::sample::select(vec![0x02_u8, 0x04, 0x05, 0x06, 0x80]),
            prop::collection::vec(any::<u8>(), 0..200),
        )
            .prop_map(|(tag, content)| tagged(tag, &content));
        leaf.prop_recursive(5, 60, 6, |inner| {
            (
                prop::sample::select(vec![0x24_u8, 0x30, 0x31, 0xa0]),
                prop::collection::vec(inner, 0..6),
                any::<bool>(),
            )
                .prop_map(|(tag, children, definite)| match definite {
                    true => tagged(tag, &children.concat()),
                    false => [vec![tag, 0x80], children.concat(), vec![0, 0]].concat(),
                })
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok((node, rest)) = parse(&bytes) {
                prop_assert!(rest < bytes.len());
                node.to_der();
            }
        }

        #[test]
        fn der_of_der_is_the_same(bytes in tree()) {
            let (node, rest) = parse(&bytes).unwrap();
            prop_assert_eq!(rest, 0);
            let der = node.to_der();
            let (again, _) = parse(&der).unwrap();
            prop_assert_eq!(again.to_der(), der);
        }

        #[test]
        fn a_changed_byte_never_panics(
            bytes in tree(),
            at in any::<prop::sample::Index>(),
            to in any::<u8>(),
        ) {
            let mut bytes = bytes;
            let at = at.index(bytes.len());
            bytes[at] = to;
            if let Ok((node, _)) = parse(&bytes) {
                node.to_der();
                node.octets();
            }
        }
    }
}
