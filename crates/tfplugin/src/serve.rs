//! Serving a provider to the host: the handshake, the socket, mutual TLS, and a clean end.
//!
//! The host starts the program, which prints one line (where it listens, and its certificate) and from then on nothing
//! more on stdout. The host talks to it over that socket, and ends it with a call of its own.

mod connection;
mod handshake;
mod plugin;
mod socket;
mod tls;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::log;
use crate::provider::Provider;
use crate::rpc::ProviderService;
use connection::Connection;
use handshake::{Environment, Refusal};
use plugin::PluginServices;
use socket::Socket;

/// How a provider is served.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The provider's name, such as `fluxgate`.
    pub name: String,
    /// Its full source address, such as `registry.opentofu.org/fluxgate/fluxgate`.
    pub address: String,
    /// Its version, for the message to people who start it by hand.
    pub version: String,
    /// Serve for debugging: print how a host finds this process, and go on until interrupted. There is no TLS then.
    pub reattach: bool,
    /// The crates whose log lines are passed on at any level; those of others only as warnings and errors.
    pub log_crates: Vec<String>,
}

/// How long calls in flight may go on after the provider was told to end.
const GRACE: Duration = Duration::from_secs(30);

/// Serves a provider until the host ends it. Blocks; the exit code is for `main` to return.
///
/// Installs a panic hook that logs where a panic happened and nothing of what it says, which may be a secret.
pub fn serve(provider: impl Provider, options: ServeOptions) -> ExitCode {
    let environment = Environment::of_process();
    if !options.reattach
        && let Err(refusal) = environment.check()
    {
        return refuse(&refusal, &options);
    }
    log::install(&options.name, &options.log_crates);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    match run(provider, &options, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(io::stderr(), &format!("cannot serve the provider: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Tells a person (or a host that speaks another protocol) why nothing is served.
fn refuse(refusal: &Refusal, options: &ServeOptions) -> ExitCode {
    let source = options.address.split_once('/').map_or(options.address.as_str(), |(_, source)| source);
    let text = match refusal {
        Refusal::StartedByHand => format!(
            "This is version {version} of the {name} provider for OpenTofu. It does nothing by itself: OpenTofu starts \
             it when a configuration asks for it, such as\n\n  \
             terraform {{\n    required_providers {{\n      {name} = {{ source = \"{source}\" }}\n    }}\n  }}\n\n\
             Write that into a file that ends in .tf, then run `tofu init` and `tofu plan` beside it.\n",
            name = options.name,
            version = options.version,
        ),
        Refusal::OtherProtocol(offered) => format!(
            "The {} provider speaks protocol 6; the program that started it speaks {offered}. Use OpenTofu, or \
             Terraform 1.0 or later.\n",
            options.name,
        ),
    };
    say(io::stderr(), &text);
    ExitCode::FAILURE
}

fn run(provider: impl Provider, options: &ServeOptions, environment: &Environment) -> io::Result<()> {
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get().clamp(2, 4));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let result = runtime.block_on(async {
        let ending = Ending::watch(options.reattach)?;
        let (socket, _folder) = Socket::bind(environment.socket_dir.as_deref()).await?;
        let acceptor = if options.reattach {
            say(io::stdout(), &handshake::reattach_line(options, &socket.address()));
            None
        } else {
            let identity = environment.client_certificate.as_deref().map(tls::identity).transpose()?;
            let certificate = identity.as_ref().map(|identity| identity.certificate.as_slice());
            say(io::stdout(), &handshake::line(&socket.address(), certificate, environment.multiplex));
            identity.map(|identity| identity.acceptor)
        };
        serve_on(socket, acceptor, Arc::new(provider), ending).await
    });
    // The host waits for the end of the process. Nothing that an orderly end of the runtime would do is worth that: neither waiting for a
    // task that blocks, nor freeing memory piece by piece.
    std::mem::forget(runtime);
    result
}

/// Serves on a socket until told to end.
async fn serve_on(
    socket: Socket,
    acceptor: Option<TlsAcceptor>,
    provider: Arc<dyn Provider>,
    ending: Ending,
) -> io::Result<()> {
    let service = ProviderService::new(provider);
    let end = CancellationToken::new();
    let plugin = PluginServices::new(end.clone());
    let server = Server::builder()
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .add_service(service.clone().into_server())
        .add_service(plugin.controller())
        .add_service(plugin.stdio())
        .add_service(plugin.broker())
        .add_service(plugin.health());

    let connections = accept(socket, acceptor, end.clone());
    let mut serving =
        Box::pin(server.serve_with_incoming_shutdown(connections, end.clone().cancelled_owned()));
    let ended = tokio::select! {
        served = &mut serving => Some(served),
        // The host said that it is done, so it has read every answer, and waits for the process to end.
        () = end.cancelled() => service.is_idle().then_some(Ok(())),
        why = ending.wait() => {
            tracing::info!(why, "ending");
            None
        }
    };
    let served = match ended {
        Some(served) => served,
        None => {
            end.cancel();
            service.cancel_calls();
            tokio::time::timeout(GRACE, serving).await.unwrap_or(Ok(()))
        }
    };
    served.map_err(io::Error::other)
}

/// Accepts connections; each makes its TLS handshake by itself, so that one that does not get on blocks no other.
fn accept(
    socket: Socket,
    acceptor: Option<TlsAcceptor>,
    end: CancellationToken,
) -> ReceiverStream<io::Result<Connection>> {
    const HANDSHAKE: Duration = Duration::from_secs(10);
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let stream = tokio::select! {
                stream = socket.accept() => stream,
                () = end.cancelled() => break,
            };
            let Ok(stream) = stream else {
                // Out of file handles, most likely: others must end first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let (sender, acceptor) = (sender.clone(), acceptor.clone());
            tokio::spawn(async move {
                let connection = match acceptor {
                    None => Connection::Plain(stream),
                    Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => Connection::Tls(Box::new(stream)),
                        Ok(Err(error)) => return tracing::warn!(%error, "refused a connection"),
                        Err(_) => {
                            return tracing::warn!("refused a connection that did not finish its handshake");
                        }
                    },
                };
                // Nobody listens any more when the server is ending.
                let _ = sender.send(Ok(connection)).await;
            });
        }
    });
    ReceiverStream::new(receiver)
}

/// The ways to be told to end, other than by the host's own call.
struct Ending {
    #[cfg(unix)]
    signals: Signals,
    parent: Option<u32>,
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    interrupt_ends: bool,
}

impl Ending {
    /// Takes over the signals. A terminal sends Ctrl-C to the provider as well; it is ignored, since the host makes
    /// the orderly call of it. Only in reattach mode, with nobody else there, does it end the provider.
    fn watch(reattach: bool) -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let signals = Signals {
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                interrupt_ends: reattach,
            };
            let parent = (!reattach).then(std::os::unix::process::parent_id);
            Ok(Self { signals, parent })
        }
        #[cfg(not(unix))]
        {
            let _ = reattach;
            Ok(Self { parent: None })
        }
    }

    /// Waits until one of them happens, and tells which.
    #[cfg(unix)]
    async fn wait(mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.signals.terminate.recv() => return "terminated",
                _ = self.signals.hangup.recv() => return "hung up",
                _ = self.signals.interrupt.recv(), if self.signals.interrupt_ends => return "interrupted",
                () = tokio::time::sleep(Duration::from_secs(2)) => {
                    // A host that was killed can make no call; its child is then given to another process.
                    if self.parent.is_some_and(|parent| parent != std::os::unix::process::parent_id()) {
                        return "the host is gone";
                    }
                }
            }
        }
    }

    #[cfg(not(unix))]
    async fn wait(self) -> &'static str {
        let _ = self.parent;
        std::future::pending().await
    }
}

/// Writes and flushes; if nobody reads, there is nobody to tell.
fn say(mut to: impl Write, text: &str) {
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}
