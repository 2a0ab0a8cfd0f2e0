//! The services of the plugin machinery around the protocol: ending, and three that keep the host quiet.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{Request, Response, Status, Streaming};

use crate::rpc::messages::plugin::{
    ConnInfo, Empty, HealthCheckRequest, HealthCheckResponse, ServingStatus, StdioData,
};
use crate::rpc::{broker, controller, health, stdio};

/// All of them.
#[derive(Clone)]
pub(super) struct PluginServices {
    end: CancellationToken,
}

impl PluginServices {
    /// Services that cancel this token when the host says that it is done.
    pub(super) fn new(end: CancellationToken) -> Self {
        Self { end }
    }

    pub(super) fn controller(&self) -> controller::Server<Self> {
        controller::Server::new(self.clone())
    }

    pub(super) fn stdio(&self) -> stdio::Server<Self> {
        stdio::Server::new(self.clone())
    }

    pub(super) fn broker(&self) -> broker::Server<Self> {
        broker::Server::new(self.clone())
    }

    pub(super) fn health(&self) -> health::Server<Self> {
        health::Server::new(self.clone())
    }

    fn silence<T>(&self) -> Silence<T> {
        Silence { end: Box::pin(self.end.clone().cancelled_owned()), never: std::marker::PhantomData }
    }
}

#[tonic::async_trait]
impl controller::Service for PluginServices {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.end.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl stdio::Service for PluginServices {
    type StreamStdioStream = Silence<StdioData>;

    async fn stream_stdio(
        &self,
        _request: Request<Empty>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(self.silence()))
    }
}

#[tonic::async_trait]
impl broker::Service for PluginServices {
    type StartStreamStream = Silence<ConnInfo>;

    async fn start_stream(
        &self,
        _request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(Response::new(self.silence()))
    }
}

#[tonic::async_trait]
impl health::Service for PluginServices {
    async fn check(
        &self,
        _request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() }))
    }
}

/// A stream that says nothing, and ends when the provider does.
pub(super) struct Silence<T> {
    end: Pin<Box<WaitForCancellationFutureOwned>>,
    never: std::marker::PhantomData<fn() -> T>,
}

impl<T> Stream for Silence<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        use std::future::Future;
        self.end.as_mut().poll(cx).map(|()| None)
    }
}
