//! The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC), spoken to over the session's bus.
//!
//! Nothing here waits for a person: a locked or missing collection is an error, and a prompt that the service offers
//! is never opened. Secrets cross the bus in a plain session, because they are keys to a file that never does.
//!
//! Source: <https://specifications.freedesktop.org/secret-service-spec/latest/>.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::thread;
use std::time::Duration;

use zbus::connection::Builder;
use zbus::{Connection, DynamicType, Message, OwnedObjectPath, OwnedVariant, Variant};
use zeroize::Zeroizing;

/// Puts `secret` into the default collection under `name`.
pub(super) fn keep(bus: Option<&str>, name: &str, secret: &[u8]) -> io::Result<()> {
    run(bus, async |service: Service| {
        service.keep(name, secret).await
    })
}

/// What [`keep`] put there.
pub(super) fn find(bus: Option<&str>, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    run(bus, async |service: Service| service.find(name).await)
}

/// Takes it out again.
pub(super) fn forget(bus: Option<&str>, name: &str) -> io::Result<()> {
    run(bus, async |service: Service| service.forget(name).await)
}

/// A connection with its session of secrets.
struct Service {
    connection: Connection,
    session: OwnedObjectPath,
}

/// A secret as the service hands it over: session, parameters, value, content type.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

impl Service {
    async fn connect(bus: &str) -> zbus::Result<Self> {
        let connection = Builder::address(bus)
            .method_timeout(PATIENCE)
            .build()
            .await?;
        let plain = ("plain", Variant::from(""));
        let reply = call(&connection, SECRETS, SERVICE, "OpenSession", &plain).await?;
        let (_, session): (OwnedVariant, OwnedObjectPath) = reply.body().deserialize()?;
        Ok(Self {
            connection,
            session,
        })
    }

    async fn keep(&self, name: &str, secret: &[u8]) -> io::Result<()> {
        let collection = self.default_collection().await?;
        let label = format!("noticert ({name})");
        let properties = HashMap::from([
            (LABEL, Variant::from(label)),
            (ATTRIBUTES, Variant::from(attributes(name))),
        ]);
        let secret = (
            &self.session,
            Vec::<u8>::new(),
            secret.to_vec(),
            "application/octet-stream",
        );
        let body = (properties, secret, false);
        let reply = self
            .call(collection.as_str(), COLLECTION, "CreateItem", &body)
            .await?;
        let (item, _prompt): (OwnedObjectPath, OwnedObjectPath) =
            reply.body().deserialize().map_err(failed)?;
        match item.as_str() {
            NOTHING => Err(locked()),
            _ => Ok(()),
        }
    }

    async fn find(&self, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let (open, shut) = self.search(name).await?;
        let Some(item) = open.first() else {
            return match shut.is_empty() {
                true => Ok(None),
                false => Err(locked()),
            };
        };
        let session = &self.session;
        let reply = self
            .call(item.as_str(), ITEM, "GetSecret", &(session,))
            .await?;
        let (secret,): (Secret,) = reply.body().deserialize().map_err(failed)?;
        Ok(Some(Zeroizing::new(secret.2)))
    }

    async fn forget(&self, name: &str) -> io::Result<()> {
        let (open, _shut) = self.search(name).await?;
        for item in open {
            self.call(item.as_str(), ITEM, "Delete", &()).await?;
        }
        Ok(())
    }

    /// The items of this name: those that can be read now, and those in locked collections.
    async fn search(&self, name: &str) -> io::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)> {
        let wanted = (attributes(name),);
        let reply = self.call(SECRETS, SERVICE, "SearchItems", &wanted).await?;
        reply.body().deserialize().map_err(failed)
    }

    /// The collection for new items, when it is there and open.
    async fn default_collection(&self) -> io::Result<OwnedObjectPath> {
        let reply = self
            .call(SECRETS, SERVICE, "ReadAlias", &("default",))
            .await?;
        let (collection,): (OwnedObjectPath,) = reply.body().deserialize().map_err(failed)?;
        if collection.as_str() == NOTHING {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the Secret Service has no default collection",
            ));
        }
        let property = (COLLECTION, "Locked");
        let reply = self
            .call(collection.as_str(), PROPERTIES, "Get", &property)
            .await?;
        let (is_locked,): (OwnedVariant,) = reply.body().deserialize().map_err(failed)?;
        match bool::try_from(is_locked) {
            Ok(false) => Ok(collection),
            Ok(true) | Err(_) => Err(locked()),
        }
    }

    async fn call<B>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> io::Result<Message>
    where
        B: serde::Serialize + DynamicType,
    {
        call(&self.connection, path, interface, method, body)
            .await
            .map_err(failed)
    }
}

async fn call<B>(
    connection: &Connection,
    path: &str,
    interface: &str,
    method: &str,
    body: &B,
) -> zbus::Result<Message>
where
    B: serde::Serialize + DynamicType,
{
    connection
        .call_method(Some(NAME), path, Some(interface), method, body)
        .await
}

/// Connects and does `work`, in a thread of its own: the caller may stand inside a runtime.
fn run<T, W, F>(bus: Option<&str>, work: W) -> io::Result<T>
where
    T: Send,
    W: FnOnce(Service) -> F + Send,
    F: Future<Output = io::Result<T>>,
{
    let bus = bus.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotConnected,
            "no desktop session: no bus to reach a key store on",
        )
    })?;
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let service = tokio::time::timeout(PATIENCE, Service::connect(bus))
                    .await
                    .map_err(|_late| io::Error::from(io::ErrorKind::TimedOut))?
                    .map_err(failed)?;
                work(service).await
            })
        });
        worker
            .join()
            .unwrap_or_else(|_panic| Err(io::Error::other("the bus library failed")))
    })
}

fn attributes(name: &str) -> HashMap<&str, &str> {
    HashMap::from([("xdg:schema", "noticert.WrappingKey"), ("id", name)])
}

fn locked() -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        "the key store is locked: log on at the desktop",
    )
}

fn failed(error: zbus::Error) -> io::Error {
    io::Error::other(error)
}

/// How long a service on the same machine may think.
const PATIENCE: Duration = Duration::from_secs(10);
const NAME: &str = "org.freedesktop.secrets";
const SECRETS: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const LABEL: &str = "org.freedesktop.Secret.Item.Label";
const ATTRIBUTES: &str = "org.freedesktop.Secret.Item.Attributes";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// The path that stands for no object.
const NOTHING: &str = "/";
