//! XML writer of the JUnit and Checkstyle formats: indented elements with attributes and text.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::name::QName;

use super::escape;

/// Writer of one document. Element and attribute names are written as they are, attribute values and text are escaped.
pub(super) struct Xml<'w> {
    writer: Writer<&'w mut dyn Write>,
}

impl<'w> Xml<'w> {
    pub(super) fn new(out: &'w mut dyn Write) -> io::Result<Self> {
        let mut writer = Writer::new_with_indent(out, b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Self { writer })
    }

    /// `<name …>`
    pub(super) fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.writer.write_event(Event::Start(element(name, attributes)))
    }

    /// `</name>`
    pub(super) fn close(&mut self, name: &str) -> io::Result<()> {
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }

    /// `<name …/>`
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.writer.write_event(Event::Empty(element(name, attributes)))
    }

    /// `<name …>text</name>`
    pub(super) fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
        self.open(name, attributes)?;
        let lines: Vec<_> = text.lines().map(escape::printable).collect();
        self.writer.write_event(Event::Text(BytesText::from_escaped(escape::xml(&lines.join("\n")))))?;
        self.close(name)
    }

    /// Writes the final line end.
    pub(super) fn finish(self) -> io::Result<()> {
        writeln!(self.writer.into_inner())
    }
}

/// Builds a tag. In its values, characters that XML cannot represent are replaced before the others are escaped.
fn element<'e>(name: &'e str, attributes: &[(&'e str, &str)]) -> BytesStart<'e> {
    let mut element = BytesStart::new(name);
    for (key, value) in attributes {
        let value = escape::xml(&escape::printable(value));
        element.push_attribute(Attribute { key: QName(key), value: value.into() });
    }
    element
}
