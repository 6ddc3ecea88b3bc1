//! Pages as a web archive: WARC/1.1, a gzip member a record, files of about a gigabyte.
//!
//! An answer is a `response` about the address that gave it; redirects before it are responses
//! without a body, bound to it by `WARC-Concurrent-To`, and where there were any the record names the
//! address that was asked for (`Jarvix-Requested-URI`). A body without an answer of its own (a local
//! file, a page that has not changed since the base run) is a `resource`. How a page ended that was
//! not simply answered stands in a `metadata` record. Requests are not written: they were not kept.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use jarvix_core::{Dataset, Outcome, Page};
use jarvix_warc::{ArchiveWriter, Digest, Kind, Outgoing, REQUESTED_URI, format_date, record_id};

use super::http::{Received, head, hop_head};
use super::out::{OutFile, failed};
use super::{Export, Exported, Progress, names_file};
use crate::LineError;

/// Size after which another file is begun; what the standard recommends.
const FILE_BYTES: u64 = 1_000_000_000;
const HTTP: &str = "application/http; msgtype=response";
const FIELDS: &str = "application/warc-fields";

/// What every file says about itself.
const ABOUT: &str = "format: WARC File Format 1.1\r\n\
    conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n\
    description: header names are in lower case, and lines of the same name stand together; \
    reason phrases are the standard's; bodies are without their transfer coding, and headers that \
    no longer fit them are written as X-Orig-...; bodies of redirects and requests were not kept\r\n";

pub(super) fn write(export: &Export<'_>) -> Result<Exported, LineError> {
    let parts = export.parts(Dataset::Pages)?;
    let mut progress = Progress::new(export, parts.iter().map(|part| part.rows).sum());
    let mut files = Files::new(export)?;
    for part in &parts {
        for page in export.store.read::<Page>(part)? {
            files.add(&page?)?;
            if !progress.advance(1) && progress.done < progress.total {
                return Ok(Exported { interrupted: true, ..files.exported });
            }
        }
    }
    files.finish()
}

/// The files of an export, one after another.
struct Files<'a> {
    export: &'a Export<'a>,
    /// The date of what is about the files: that of the run.
    date: String,
    /// One file, however large, if its name was given.
    one: bool,
    writer: ArchiveWriter<OutFile>,
    exported: Exported,
}

impl<'a> Files<'a> {
    fn new(export: &'a Export<'a>) -> Result<Self, LineError> {
        let record = export.store.catalogue().run(export.run)?;
        let date = format_date(record.map_or(0, |run| run.created_at_us));
        let one = names_file(export.out, export.format.endings());
        let path = if one { export.out.to_owned() } else { numbered(export, 0) };
        let writer = begin(export, &path, &date)?;
        Ok(Self { export, date, one, writer, exported: Exported::default() })
    }

    fn add(&mut self, page: &Page) -> Result<(), LineError> {
        if self.writer.bytes() >= FILE_BYTES && !self.one {
            let path = numbered(self.export, self.exported.files.len() + 1);
            let next = begin(self.export, &path, &self.date)?;
            let full = std::mem::replace(&mut self.writer, next);
            self.close(full)?;
        }
        let records = Records::of(page).map_err(|reason| LineError::Record {
            run: self.export.run.clone(),
            what: "page",
            reason: format!("{}: {reason}", page.url),
        })?;
        for record in &records.0 {
            let written = record.write(&mut self.writer);
            written.map_err(failed("write", self.export.out))?;
        }
        self.exported.rows += 1;
        Ok(())
    }

    fn close(&mut self, writer: ArchiveWriter<OutFile>) -> Result<(), LineError> {
        let file = writer.into_inner();
        let path = file.path().to_owned();
        self.exported.bytes += file.finish()?;
        self.exported.files.push(path);
        Ok(())
    }

    fn finish(self) -> Result<Exported, LineError> {
        let Self { writer, mut exported, .. } = self;
        let file = writer.into_inner();
        let path = file.path().to_owned();
        exported.bytes += file.finish()?;
        exported.files.push(path);
        Ok(exported)
    }
}

fn numbered(export: &Export<'_>, number: usize) -> PathBuf {
    export.out.join(format!("{}-{number:05}.warc.gz", export.run))
}

/// A new file with its first record.
fn begin(
    export: &Export<'_>,
    path: &Path,
    date: &str,
) -> Result<ArchiveWriter<OutFile>, LineError> {
    let file = export.create(path)?;
    let packed = path.to_string_lossy().ends_with(".gz");
    let mut writer = ArchiveWriter::new(file, packed);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let software = format!("software: Jarvix/{}\r\n", env!("CARGO_PKG_VERSION"));
    let part_of = format!("isPartOf: {}\r\n", export.run);
    let fields = vec![("WARC-Filename", name.clone()), ("Content-Type", FIELDS.to_owned())];
    let block = [software.as_bytes(), ABOUT.as_bytes(), part_of.as_bytes()];
    let id = record_id(&["warcinfo", export.run.as_str(), date, &name]);
    let info = Outgoing { kind: Kind::Warcinfo, id: &id, date, fields, block: &block };
    writer.write(&info).map_err(failed("write", path))?;
    Ok(writer)
}

/// The records of a page.
struct Records<'a>(Vec<Record<'a>>);

struct Record<'a> {
    kind: Kind,
    id: String,
    date: String,
    fields: Vec<(&'static str, String)>,
    head: String,
    body: Cow<'a, [u8]>,
}

impl Record<'_> {
    fn write(&self, writer: &mut ArchiveWriter<OutFile>) -> std::io::Result<()> {
        let block: [&[u8]; 2] = [self.head.as_bytes(), &self.body];
        writer.write(&Outgoing {
            kind: self.kind,
            id: &self.id,
            date: &self.date,
            fields: self.fields.clone(),
            block: &block,
        })
    }
}

impl<'a> Records<'a> {
    /// The error says why the page's body is not what was received.
    fn of(page: &'a Page) -> Result<Self, String> {
        let received = Received::of(page)?;
        let date = format_date(page.fetched_at_us);
        let target = page.final_url.as_deref().unwrap_or(&page.url);
        let digest = Digest::sha1(&[&received.body]).to_string();
        let ordinal = page.ordinal.to_string();
        let id = |kind: Kind, about: &str| {
            record_id(&[kind.as_str(), &page.url, about, &date, &digest, &ordinal])
        };
        // What a browser made of a page is no server's response.
        let is_response = page.outcome != Outcome::NotModified && !page.rendered;
        let main = match page.status {
            Some(status) if is_response => Some((Kind::Response, status)),
            _ if page.body.is_some() => Some((Kind::Resource, 0)),
            _ => None,
        };
        let main_id = main.map(|(kind, _)| id(kind, target));
        let mut records = Vec::new();
        let protocol = page.protocol.as_deref().unwrap_or_default();
        for hop in &page.redirects {
            records.push(Record {
                kind: Kind::Response,
                id: id(Kind::Response, &hop.url),
                date: date.clone(),
                fields: hop_fields(&hop.url, main_id.as_deref()),
                head: hop_head(protocol, hop.status, &hop.headers),
                body: Cow::Borrowed(&[]),
            });
        }
        if page.outcome != Outcome::Fetched && page.outcome != Outcome::HttpError {
            let fields = [("WARC-Target-URI", page.url.clone())].into_iter();
            let bound = main_id.iter().map(|id| ("WARC-Concurrent-To", id.clone()));
            let kind = ("Content-Type", FIELDS.to_owned());
            records.push(Record {
                kind: Kind::Metadata,
                id: id(Kind::Metadata, &page.url),
                date: date.clone(),
                fields: fields.chain(bound).chain([kind]).collect(),
                head: ending(page),
                body: Cow::Borrowed(&[]),
            });
        }
        if let Some(((kind, status), id)) = main.zip(main_id) {
            let fields = fields(page, target, kind, digest);
            let head = match kind {
                Kind::Response => head(page, status, &received),
                _ => String::new(),
            };
            // The page itself first: who reads on finds what belongs to it behind it.
            records.insert(0, Record { kind, id, date, fields, head, body: received.body });
        }
        Ok(Self(records))
    }
}

fn fields(page: &Page, target: &str, kind: Kind, digest: String) -> Vec<(&'static str, String)> {
    let mut fields = vec![("WARC-Target-URI", target.to_owned())];
    if target != page.url {
        fields.push((REQUESTED_URI, page.url.clone()));
    }
    if let Some(ip) = page.remote_addr.as_deref().and_then(ip) {
        fields.push(("WARC-IP-Address", ip.to_string()));
    }
    let protocol = page.protocol.as_deref().filter(|p| p.starts_with('h'));
    fields.extend(protocol.map(|protocol| ("WARC-Protocol", protocol.to_owned())));
    fields.push(("WARC-Payload-Digest", digest));
    fields.extend(truncated(page).map(|why| ("WARC-Truncated", why.to_owned())));
    let media_type = match kind {
        Kind::Response => HTTP.to_owned(),
        _ => page.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
    };
    fields.push(("Content-Type", media_type));
    fields
}

fn hop_fields(url: &str, main: Option<&str>) -> Vec<(&'static str, String)> {
    let mut fields = vec![("WARC-Target-URI", url.to_owned())];
    fields.extend(main.map(|id| ("WARC-Concurrent-To", id.to_owned())));
    fields.push(("WARC-Truncated", "unspecified".to_owned()));
    fields.push(("Content-Type", HTTP.to_owned()));
    fields
}

/// Why the record holds less than there was.
fn truncated(page: &Page) -> Option<&'static str> {
    match page.outcome {
        Outcome::Incomplete => Some("disconnect"),
        Outcome::Timeout => Some("time"),
        Outcome::NotContent => Some("unspecified"),
        _ if page.truncated => Some("length"),
        _ => None,
    }
}

/// How a page ended, as `application/warc-fields`.
fn ending(page: &Page) -> String {
    let mut text = format!("outcome: {}\r\n", page.outcome);
    if let Some(reason) = &page.reason {
        let line: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.push_str(&format!("reason: {line}\r\n"));
    }
    text.push_str(&format!("attempts: {}\r\n", page.attempts));
    text
}

fn ip(remote: &str) -> Option<IpAddr> {
    remote.parse::<SocketAddr>().map(|addr| addr.ip()).or_else(|_| remote.parse()).ok()
}
