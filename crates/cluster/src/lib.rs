//! Kubernetes for the provider and the command line: connect, discover, apply, read, delete, wait, events.
//!
//! Objects are plain JSON values. Every request goes through one door, which counts it, repeats it where that is safe,
//! bounds it in time and puts its refusal into words. The library reads no environment variable, no home folder and no
//! terminal: products pass in what they found there.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use cluster::{ApplyRequest, Condition, Connection, Limits, Wait, connect};
//! # async fn example(object: serde_json::Value) -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = connect(&Connection::kubeconfig(["kubeconfig.yaml"], Some("dev")), Limits::default()).await?;
//! let applied = cluster.apply(&ApplyRequest::new(object, "fluxgate")).await?;
//! let target = cluster.target_of(&applied.object).await?;
//! let kind = flux::kinds::by_kind(&target.resource.group, &target.resource.kind).ok_or("not a kind of Flux")?;
//! let wait = Wait::new(&target, Condition::ready(kind), Duration::from_secs(300)).from(applied.object);
//! cluster.wait(&wait).await?;
//! # Ok(())
//! # }
//! ```

mod access;
mod apply;
mod capabilities;
mod cluster;
mod collection;
mod condition;
mod connect;
mod contents;
mod definition;
mod delete;
mod discover;
mod error;
mod events;
mod inventory;
mod kinds;
mod kstatus;
mod logs;
mod managed_fields;
mod object;
mod read;
mod remove;
mod request;
mod secret;
mod silence;
mod status;
mod takeover;
mod wait;
mod write;

pub use self::{
    access::Access,
    apply::{Applied, ApplyRequest, Force},
    cluster::{Cluster, ClusterIdentity},
    condition::{Condition, Progress},
    connect::{
        ConfigError, Connection, Direct, Exec, ExecError, IssueError, Issued, IssuedBy, Issuer, Kubeconfig,
        Limits, Proxies, connect, connect_among, exposed,
    },
    delete::{Controller, ControllerState, DeleteRequest, Deleted, Holder, Propagation},
    discover::Served,
    error::{Cause, Conflict, Error, Missing, Place, Unreached},
    events::{Event, Explanation, StatusCondition, conditions_of},
    inventory::Part,
    kstatus::Jobs,
    managed_fields::{ManagedPath, ManagerEntry, Operation, managed_by, managers_of, owned_paths},
    object::{Resource, Target},
    remove::managed_by_others,
    secret::Secret,
    takeover::taken_over,
    wait::{Wait, WaitError},
};
