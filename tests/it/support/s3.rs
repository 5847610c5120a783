//! A web server that answers as S3 does: one bucket holds a directory, one lists the same and
//! never gives an object, the others refuse. A test may say what becomes of each request.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

/// The server. Its threads end with the process.
pub(crate) struct S3 {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What becomes of a request.
#[cfg_attr(not(feature = "rocksdb"), expect(dead_code))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Answered,
    /// It is refused with this status.
    Refused(u16),
    /// The connection ends without a word.
    HungUp,
    /// The connection ends in the middle of the body.
    CutOff,
}

/// Told of the head of each request before it is answered.
type Before = dyn Fn(&str) -> Fate + Send + Sync;

struct Answer {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl S3 {
    /// Serves what lies below `root` as the bucket `flink`.
    pub(crate) fn start(root: &Path) -> S3 {
        S3::start_with(root, |_| Fate::Answered)
    }

    /// The same, where something decides what becomes of each request, and may take its time.
    pub(crate) fn start_with(
        root: &Path,
        before: impl Fn(&str) -> Fate + Send + Sync + 'static,
    ) -> S3 {
        let before: Arc<Before> = Arc::new(before);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, root) = (Arc::clone(&requests), root.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, root, before) = (Arc::clone(&seen), root.clone(), Arc::clone(&before));
                std::thread::spawn(move || serve(stream, &seen, &root, &*before));
            }
        });
        S3 { url, requests }
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, root: &Path, before: &Before) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    seen.lock().unwrap().push(head.clone());
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let fate = before(&head);
    let Answer { mut status, content_type, mut body } = match fate {
        Fate::HungUp => return,
        Fate::Refused(404) => refuse(404, "NoSuchKey", "The specified key does not exist."),
        Fate::Refused(status) => refuse(status, "AccessDenied", "Access Denied"),
        Fate::Answered | Fate::CutOff => answer(target, root),
    };
    let mut more = String::new();
    if let (200, Some((first, last))) = (status, range(&head)) {
        let (size, end) = (body.len(), body.len().min(last + 1));
        body = body[first..end].to_vec();
        (status, more) = (206, format!("Content-Range: bytes {first}-{}/{size}\r\n", end - 1));
    }
    let length = body.len();
    // Whoever hangs up misses the rest; that is the client's affair.
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\nETag: \"1\"\r\n\
         Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Type: {content_type}\r\n{more}\r\n"
    );
    if fate == Fate::CutOff {
        body.truncate(length / 2);
    }
    if method != "HEAD" {
        let _ = stream.write_all(&body);
    }
    let _ = stream.shutdown(Shutdown::Both);
}

/// First and last byte that a request asks for.
pub(crate) fn range(head: &str) -> Option<(usize, usize)> {
    let head = head.to_ascii_lowercase();
    let (_, range) = head.split_once("\r\nrange: bytes=")?;
    let (first, last) = range.lines().next()?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn answer(target: &str, root: &Path) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
    match bucket {
        "flink" | "silent" if query.contains("list-type=2") => list(root, query),
        "silent" => loop {
            // For as long as the process lives.
            std::thread::park();
        },
        "flink" => match fs::read(root.join(decode(key))) {
            Ok(body) => Answer { status: 200, content_type: "application/octet-stream", body },
            Err(_) => refuse(404, "NoSuchKey", "The specified key does not exist."),
        },
        "denied" => refuse(403, "AccessDenied", "Access Denied"),
        "no-such-bucket" => refuse(404, "NoSuchBucket", "The specified bucket does not exist"),
        "bad-key" => refuse(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        "expired" => refuse(400, "ExpiredToken", "The provided token has expired."),
        "elsewhere" => refuse(301, "PermanentRedirect", "Use another endpoint"),
        "page" => Answer {
            status: 200,
            content_type: "text/html",
            body: b"<html><body>Welcome</body></html>".to_vec(),
        },
        _ => refuse(500, "InternalError", "We encountered an internal error."),
    }
}

fn refuse(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{message}</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>"
    );
    Answer { status, content_type: "application/xml", body: body.into() }
}

/// A directory in one page: one level with a delimiter, all without.
fn list(root: &Path, query: &str) -> Answer {
    let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix="));
    let prefix = decode(prefix.unwrap_or_default());
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult>");
    entries(root, &prefix, query.contains("delimiter="), &mut xml);
    xml += "</ListBucketResult>";
    Answer { status: 200, content_type: "application/xml", body: xml.into() }
}

fn entries(root: &Path, prefix: &str, one_level: bool, xml: &mut String) {
    let mut entries: Vec<PathBuf> = fs::read_dir(root.join(prefix))
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let key = format!("{prefix}{name}");
        if !path.is_dir() {
            let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            *xml += &format!(
                "<Contents><Key>{key}</Key><Size>{size}</Size>\
                 <LastModified>2026-01-02T03:04:05Z</LastModified></Contents>"
            );
        } else if one_level {
            *xml += &format!("<CommonPrefixes><Prefix>{key}/</Prefix></CommonPrefixes>");
        } else {
            self::entries(root, &format!("{key}/"), false, xml);
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%').then(|| text_of_hex(after)).flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn text_of_hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits.get(..2)?).ok()?, 16).ok()
}
