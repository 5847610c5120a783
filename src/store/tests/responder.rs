//! A web server for one test: it answers each request with what a function makes of it.

use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

/// What to do with a request.
pub(crate) enum Reply {
    /// Answer with status, body and further header lines (each ending in `\r\n`).
    Status(u16, String, String),
    /// Promise an object of so many bytes, send these, and hang up.
    Cut(u64, String),
    /// Say nothing for this long, then hang up.
    Hang(Duration),
}

impl Reply {
    /// An error as S3 words it.
    pub(crate) fn s3_error(status: u16, code: &str, message: &str) -> Reply {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
             <Message>{message}</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>"
        );
        Reply::Status(status, body, "Content-Type: application/xml\r\n".into())
    }

    /// A successful answer.
    pub(crate) fn ok(body: &str) -> Reply {
        let headers = "ETag: \"1\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
        Reply::Status(200, body.into(), headers.into())
    }
}

/// The server. Its threads end with the process.
pub(crate) struct Responder {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Responder {
    /// Starts to answer on a free loopback port; `answer` is given the head of each request.
    pub(crate) fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Responder {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Responder { url, requests }
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A URL on which nobody listens.
pub(crate) fn refused_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> Reply) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    seen.lock().unwrap().push(head.clone());
    match answer(&head) {
        Reply::Hang(duration) => std::thread::sleep(duration),
        Reply::Cut(promised, body) => {
            let text = format!(
                "HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: {promised}\r\n\
                 Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n{body}"
            );
            let _ = stream.write_all(text.as_bytes());
        }
        Reply::Status(status, body, headers) => {
            let length = body.len();
            let body = if head.starts_with("HEAD ") { String::new() } else { body };
            let text = format!(
                "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n\
                 {headers}\r\n{body}"
            );
            let _ = stream.write_all(text.as_bytes());
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}
