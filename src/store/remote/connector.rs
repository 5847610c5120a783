//! A look at answers before the library reads them.
//!
//! The library takes any XML for a listing, a web page too, and one without entries means
//! "nothing is there". A console or a login page in front of a store must not look like that.

use object_store::ClientOptions;
use object_store::client::HttpClient;
use object_store::client::HttpConnector;
use object_store::client::HttpError;
use object_store::client::HttpErrorKind;
use object_store::client::HttpRequest;
use object_store::client::HttpResponse;
use object_store::client::HttpService;
use object_store::client::ReqwestConnector;
use std::pin::Pin;

/// A successful answer to a listing which is not one.
#[derive(Debug, thiserror::Error)]
#[error("the answer to a listing is {content_type}; does the endpoint lead to the store's API?")]
pub(in crate::store) struct NotAListing {
    content_type: String,
}

/// The usual client, with that check.
#[derive(Debug, Default)]
pub(super) struct Checked(ReqwestConnector);

impl HttpConnector for Checked {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(CheckedClient(self.0.connect(options)?)))
    }
}

#[derive(Debug)]
struct CheckedClient(HttpClient);

// The signature is what `async_trait` makes of `async fn call(&self, ...)`.
impl HttpService for CheckedClient {
    fn call<'a, 'f>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let mut query = request.uri().query().unwrap_or_default().split('&');
            let listing = query.any(|part| part == "list-type=2" || part == "comp=list");
            let response = self.0.execute(request).await?;
            if listing && response.status().is_success() {
                let content_type = response.headers().get("content-type");
                let content_type = content_type.and_then(|value| value.to_str().ok());
                if let Some(other) = content_type.filter(|value| !value.contains("xml")) {
                    let problem = NotAListing { content_type: other.to_owned() };
                    return Err(HttpError::new(HttpErrorKind::Decode, problem));
                }
            }
            Ok(response)
        })
    }
}
