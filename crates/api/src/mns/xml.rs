//! XML as the vendor's clients write and read it: elements with text or elements in them.
//!
//! Namespaces are told and not asked for, since clients send the vendor's, a misspelt one, or none.
//!
//! **Invariant:** no document type is read, so no entity but those of XML itself is ever expanded.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// The namespace of all answers.
const NAMESPACE: &str = "http://mns.aliyuncs.com/doc/v1/";
/// Deepest nesting of a request.
const DEPTH_MAX: usize = 8;
/// Most elements of a request.
const ELEMENTS_MAX: usize = 1_000;

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name, without a prefix.
    pub name: String,
    /// The text in it.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Element>,
}

/// What was read is no document of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl<E: std::error::Error> From<E> for Malformed {
    fn from(_: E) -> Self {
        Self
    }
}

impl Element {
    /// An element of elements.
    pub(super) fn new(name: &str, children: Vec<Self>) -> Self {
        Self { name: name.to_owned(), text: String::new(), children }
    }

    /// An element of text.
    pub(super) fn leaf(name: &str, text: impl ToString) -> Self {
        Self { name: name.to_owned(), text: text.to_string(), children: Vec::new() }
    }

    /// The text of the first element of that name in this one.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|child| child.name == name).map(|child| child.text.as_str())
    }

    /// Reads a document; `None` when there is nothing but space.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let text = std::str::from_utf8(bytes)?;
        if text.trim().is_empty() { Ok(None) } else { read(text).map(Some) }
    }

    /// The document with this as its root.
    pub(super) fn document(&self) -> String {
        let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned();
        write(&mut text, self, Some(NAMESPACE));
        text
    }
}

fn read(text: &str) -> Result<Element, Malformed> {
    let mut reader = Reader::from_str(text);
    // The elements that are open, within one that holds the root.
    let mut open = vec![Element::default()];
    let mut count = 0;
    loop {
        let event = reader.read_event()?;
        if let Event::Start(tag) | Event::Empty(tag) = &event {
            count += 1;
            if ELEMENTS_MAX < count || DEPTH_MAX < open.len() {
                return Err(Malformed);
            }
            let name = tag.local_name().into_inner().to_owned();
            open.push(Element { name, ..Element::default() });
        }
        let within = open.last_mut().ok_or(Malformed)?;
        match event {
            Event::End(_) | Event::Empty(_) => {
                let closed = open.pop().ok_or(Malformed)?;
                open.last_mut().ok_or(Malformed)?.children.push(closed);
            }
            Event::Text(text) => within.text.push_str(&text.xml10_content()),
            Event::CData(text) => within.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                Some(character) => within.text.push(character),
                None => {
                    let known = resolve_predefined_entity(&reference).ok_or(Malformed)?;
                    within.text.push_str(known);
                }
            },
            Event::Eof => break,
            Event::DocType(_) => return Err(Malformed),
            Event::Start(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    let [holder] = open.try_into().map_err(|_: Vec<Element>| Malformed)?;
    let [root] = <[Element; 1]>::try_from(holder.children).map_err(|_| Malformed)?;
    if holder.text.trim().is_empty() { Ok(root) } else { Err(Malformed) }
}

fn write(text: &mut String, element: &Element, namespace: Option<&str>) {
    text.push('<');
    text.push_str(&element.name);
    if let Some(namespace) = namespace {
        text.push_str(" xmlns=\"");
        text.push_str(namespace);
        text.push('"');
    }
    text.push('>');
    crate::xml::escape(text, &element.text);
    element.children.iter().for_each(|child| write(text, child, None));
    text.push_str("</");
    text.push_str(&element.name);
    text.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Element>, Malformed> {
        Element::read(text.as_bytes())
    }

    #[test]
    fn every_clients_form_is_read_alike() {
        let expected = Element::new("Message", vec![Element::leaf("MessageBody", "a <b> & \"c\" é🎬\n")]);
        for text in [
            "<Message><MessageBody>a &lt;b> &amp; \"c\" é&#127916;&#xA;</MessageBody></Message>",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Message xmlns=\"http://mns.aliyuncs.com/doc/v1/\">\
             <MessageBody><![CDATA[a <b> & \"c\" é🎬\n]]></MessageBody></Message>\n",
            "<m:Message xmlns:m=\"x\"><!-- c --><m:MessageBody>a &lt;b&gt; &amp; &quot;c&quot; é🎬\r\n\
             </m:MessageBody></m:Message>",
        ] {
            assert_eq!(read(text), Ok(Some(expected.clone())), "{text}");
        }
        assert_eq!(read(&expected.document()), Ok(Some(expected)), "what is written is read");
        assert_eq!(read("<Queue/>"), Ok(Some(Element::new("Queue", vec![]))));
        assert_eq!(read(" \n"), Ok(None));
    }

    #[test]
    fn what_is_not_well_formed_too_deep_or_too_large_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(DEPTH_MAX + 1), "</a>".repeat(DEPTH_MAX + 1));
        let large = format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX));
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
        for text in ["<a>", "</a>", "<a></b>", "<a/><b/>", "a", "<a/>b", "<a>&b;</a>", &deep, &large, bomb] {
            assert_eq!(read(text), Err(Malformed), "{text}");
        }
        assert_eq!(Element::read(b"<a>\xff</a>"), Err(Malformed));
    }
}
