//! A store in memory in which something can happen between two requests: races and faults become
//! ordinary tests.

use std::fmt;
use std::fs;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use futures::FutureExt;
use futures::StreamExt;
use futures::stream;
use futures::stream::BoxStream;
use object_store::CopyOptions;
use object_store::Error;
use object_store::GetOptions;
use object_store::GetResult;
use object_store::ListResult;
use object_store::MultipartUpload;
use object_store::ObjectMeta;
use object_store::ObjectStore;
use object_store::ObjectStoreExt;
use object_store::PutMultipartOptions;
use object_store::PutOptions;
use object_store::PutPayload;
use object_store::PutResult;
use object_store::Result;
use object_store::memory::InMemory;
use object_store::path::Path;

/// A request that is about to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// The body of an object, or a part of it.
    Get(String),
    /// Whether an object is there.
    Head(String),
    /// Everything below a prefix.
    ListAll(String),
    /// One level below a prefix.
    ListLevel(String),
}

/// What happens before a request is answered; an error is the answer then.
type Before = Box<dyn FnMut(&Call, &InMemory) -> Option<Error> + Send>;
/// Which entries of a whole listing are left out, as if they were deleted while it went on.
type Omit = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// The store.
pub(crate) struct HookedStore {
    memory: Arc<InMemory>,
    before: Mutex<Before>,
    omit: Omit,
}

impl HookedStore {
    /// A store with everything below a directory, in which nothing happens yet.
    pub(crate) fn of(root: &FilePath) -> Self {
        let memory = InMemory::new();
        let mut open = vec![root.to_owned()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let key = path.strip_prefix(root).unwrap().to_str().unwrap();
                    put(&memory, key, fs::read(&path).unwrap());
                }
            }
        }
        HookedStore {
            memory: Arc::new(memory),
            before: Mutex::new(Box::new(|_, _| None)),
            omit: Box::new(|_| false),
        }
    }

    /// With something that happens before each request.
    pub(crate) fn before(
        self,
        before: impl FnMut(&Call, &InMemory) -> Option<Error> + Send + 'static,
    ) -> Self {
        HookedStore { before: Mutex::new(Box::new(before)), ..self }
    }

    /// With whole listings that leave something out.
    pub(crate) fn omit(self, omit: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        HookedStore { omit: Box::new(omit), ..self }
    }

    fn call(&self, call: Call) -> Result<()> {
        let mut before = self.before.lock().unwrap();
        (*before)(&call, &self.memory).map_or(Ok(()), Err)
    }
}

/// Puts an object into a store in memory.
pub(crate) fn put(memory: &InMemory, key: &str, bytes: Vec<u8>) {
    memory.put(&Path::parse(key).unwrap(), bytes.into()).now_or_never().unwrap().unwrap();
}

/// The content of an object in memory.
pub(crate) fn get(memory: &InMemory, key: &str) -> Vec<u8> {
    let found = memory.get(&Path::parse(key).unwrap()).now_or_never().unwrap().unwrap();
    found.bytes().now_or_never().unwrap().unwrap().to_vec()
}

/// Deletes whatever begins with a prefix.
pub(crate) fn delete_all(memory: &InMemory, prefix: &str) {
    let keys: Vec<Result<ObjectMeta>> = memory.list(None).collect().now_or_never().unwrap();
    for key in keys.into_iter().flatten().map(|meta| meta.location) {
        if key.as_ref().starts_with(prefix) {
            memory.delete(&key).now_or_never().unwrap().unwrap();
        }
    }
}

fn text(path: Option<&Path>) -> String {
    path.map_or(String::new(), ToString::to_string)
}

#[async_trait]
impl ObjectStore for HookedStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let path = location.to_string();
        self.call(if options.head { Call::Head(path) } else { Call::Get(path) })?;
        self.memory.get_opts(location, options).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(error) = self.call(Call::ListAll(text(prefix))) {
            return stream::once(async { Err(error) }).boxed();
        }
        let found: Vec<_> = self.memory.list(prefix).collect().now_or_never().unwrap();
        let omitted = |one: &Result<ObjectMeta>| {
            one.as_ref().is_ok_and(|meta| (self.omit)(meta.location.as_ref()))
        };
        stream::iter(found.into_iter().filter(|one| !omitted(one)).collect::<Vec<_>>()).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.call(Call::ListLevel(text(prefix)))?;
        self.memory.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(Error::NotImplemented { operation: "put".into(), implementer: "a reader".into() })
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(Error::NotImplemented { operation: "put".into(), implementer: "a reader".into() })
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        panic!("what only reads deletes nothing")
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented { operation: "copy".into(), implementer: "a reader".into() })
    }
}

impl fmt::Debug for HookedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookedStore")
    }
}

impl fmt::Display for HookedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookedStore")
    }
}
