//! Hooks: one after the other by weight and name, each waited for, each deleted as its policies say.

use std::collections::HashSet;

use chart::output::{DeletePolicy, Hook, HookEvent};
use cluster::{Condition, DeleteRequest, Resource, Target, Wait, WaitError};
use futures::future::join_all;
use serde_json::Value;

use crate::{
    Conflicts, Error, Event, HookFailure, Refusal,
    manifest::Sourced,
    objects::{Planned, Unserved, is_definition, locate, request},
    record::Phase,
    run::Run,
    writer::Writer,
};

/// How many lines of a failed hook's containers are told.
const LINES: usize = 20;

/// A hook with its place in the record and its object.
#[derive(Clone)]
pub(crate) struct Prepared {
    /// Its place in the record.
    pub position: usize,
    hook: Hook,
    planned: Planned,
}

/// The hooks of a release with their targets.
pub(crate) struct Hooks {
    prepared: Vec<Prepared>,
    /// Objects that are known not to exist, so that they need not be deleted before they are made.
    absent: HashSet<Target>,
}

impl Hooks {
    /// Finds the targets of hooks. Hook objects get no marks of Helm.
    pub async fn prepare(run: &Run, hooks: &[Hook], brought: &[Resource]) -> Result<Self, Error> {
        let objects = hooks
            .iter()
            .map(|hook| Sourced { path: hook.path.clone(), object: hook.object.clone() })
            .collect();
        let planned = locate(&run.cluster, &run.namespace, objects, brought, Unserved::Refused).await?;
        let prepared = hooks
            .iter()
            .zip(planned)
            .enumerate()
            .map(|(position, (hook, planned))| Prepared { position, hook: hook.clone(), planned })
            .collect();
        Ok(Self { prepared, absent: HashSet::new() })
    }

    /// Finds the targets of stored hooks, leaving out those whose kind is not served any more.
    pub async fn prepare_lenient(run: &Run, hooks: &[Hook]) -> Result<Self, Error> {
        let mut prepared = Vec::new();
        for (position, hook) in hooks.iter().enumerate() {
            let object = Sourced { path: hook.path.clone(), object: hook.object.clone() };
            let planned = locate(&run.cluster, &run.namespace, vec![object], &[], Unserved::LeftOut).await?;
            let planned = planned.into_iter().next();
            prepared.extend(planned.map(|planned| Prepared { position, hook: hook.clone(), planned }));
        }
        Ok(Self { prepared, absent: HashSet::new() })
    }

    /// No hooks.
    pub fn none() -> Self {
        Self { prepared: Vec::new(), absent: HashSet::new() }
    }

    /// Asks the server whether it would take the hooks of these events. One request for each.
    pub async fn check(&mut self, run: &Run, events: &[HookEvent]) -> Result<(), Error> {
        let due = self.prepared.iter().filter(|it| it.hook.events.iter().any(|event| events.contains(event)));
        let checks = due.map(|prepared| async move {
            let planned = &prepared.planned;
            match run.cluster.apply(&request(planned, Conflicts::Refuse).dry_run()).await {
                Ok(applied) => Ok(applied.created.then(|| planned.target.clone())),
                // What stands in the way is deleted first, and what is needed may come with the release.
                Err(
                    cluster::Error::NotServed { .. }
                    | cluster::Error::NotFound { .. }
                    | cluster::Error::Conflict { .. }
                    | cluster::Error::BeingDeleted { .. },
                ) => Ok(None),
                Err(cluster::Error::Invalid { .. })
                    if prepared.has(DeletePolicy::BeforeCreation)
                        && run.cluster.get(&planned.target).await?.is_some() =>
                {
                    Ok(None)
                }
                Err(cluster::Error::Forbidden { message, .. })
                    if planned.target.resource.kind == "Pod" && message.contains("serviceaccount") =>
                {
                    Ok(None)
                }
                Err(error) => Err(Error::DryRun {
                    refusals: vec![Refusal {
                        object: planned.target.clone(),
                        path: planned.path.clone(),
                        error,
                    }],
                }),
            }
        });
        for absent in join_all(checks).await {
            self.absent.extend(absent?);
        }
        Ok(())
    }

    /// Runs the hooks of an event.
    pub async fn execute(
        &mut self,
        run: &Run,
        event: HookEvent,
        writer: Option<&Writer>,
    ) -> Result<(), Error> {
        let mut due: Vec<&Prepared> =
            self.prepared.iter().filter(|it| it.hook.events.contains(&event)).collect();
        due.sort_by(|a, b| (a.hook.weight, &a.hook.name).cmp(&(b.hook.weight, &b.hook.name)));
        for (done, prepared) in due.iter().enumerate() {
            let target = &prepared.planned.target;
            run.go_on(&format!("run the hook {target}"))?;
            if prepared.has(DeletePolicy::BeforeCreation) && !self.absent.remove(target) {
                delete(run, prepared).await?;
            }
            self.absent.remove(target);
            run.tell(Event::HookStarted { event: event.as_str().to_owned(), object: target.clone() });
            note(writer, prepared.position, Phase::Running);
            let ended = run_one(run, prepared).await;
            note(writer, prepared.position, if ended.is_ok() { Phase::Succeeded } else { Phase::Failed });
            let Err(source) = ended else {
                run.tell(Event::HookSucceeded { object: target.clone() });
                continue;
            };
            let logs = if run.is_cancelled() { Vec::new() } else { logs(run, target).await };
            // Deleting comes after the logs, and its own failures change nothing in the story.
            let failed = std::iter::once(*prepared).filter(|it| it.has(DeletePolicy::Failed));
            let earlier = due[..done].iter().copied().filter(|it| it.has(DeletePolicy::Succeeded));
            if !run.is_cancelled() {
                join_all(failed.chain(earlier).map(|it| delete(run, it))).await;
            }
            return Err(Error::Hook(Box::new(HookFailure {
                event: event.as_str().to_owned(),
                object: target.clone(),
                path: prepared.hook.path.clone(),
                source,
                logs,
            })));
        }
        let succeeded = due.iter().rev().filter(|it| it.has(DeletePolicy::Succeeded));
        for deleted in join_all(succeeded.map(|it| delete(run, it))).await {
            deleted?;
        }
        Ok(())
    }

    /// The objects of hooks that were run and that Helm would leave behind: all that `leaves` says, except definitions.
    pub fn left_behind(&self, leaves: impl Fn(&Prepared) -> bool) -> Vec<Target> {
        self.prepared
            .iter()
            .filter(|it| !is_definition(&it.planned.object))
            .filter(|it| leaves(it))
            .map(|it| it.planned.target.clone())
            .collect()
    }
}

impl Prepared {
    /// Whether it runs something, which would go on for nobody.
    pub fn is_work(&self) -> bool {
        matches!(self.planned.target.resource.kind.as_str(), "Job" | "Pod")
    }

    /// Whether its author wants it gone once it is done, however that went: to one that is stopped it never came.
    pub fn goes_when_done(&self) -> bool {
        self.has(DeletePolicy::Succeeded) || self.has(DeletePolicy::Failed)
    }

    fn has(&self, policy: DeletePolicy) -> bool {
        // Helm never deletes definitions: everybody's objects would go with them.
        if is_definition(&self.planned.object) {
            return false;
        }
        let policies = &self.hook.delete_policies;
        policies.contains(&policy) || (policies.is_empty() && policy == DeletePolicy::BeforeCreation)
    }
}

async fn run_one(run: &Run, prepared: &Prepared) -> Result<(), WaitError> {
    let planned = &prepared.planned;
    let applied = run.cluster.apply(&request(planned, Conflicts::Refuse)).await?;
    let wait = Wait::new(&planned.target, Condition::finished(), run.left()).from(applied.object);
    run.cluster.wait(&wait).await?;
    Ok(())
}

async fn delete(run: &Run, prepared: &Prepared) -> Result<(), Error> {
    let request = DeleteRequest::new(&prepared.planned.target, run.left());
    run.cluster.delete(&request).await?;
    Ok(())
}

fn note(writer: Option<&Writer>, position: usize, phase: Phase) {
    if let Some(writer) = writer {
        writer.change(|record| record.set_hook(position, phase));
    }
}

/// The last lines of a Job's or Pod's containers, as far as they can be had.
async fn logs(run: &Run, target: &Target) -> Vec<String> {
    let namespace = target.namespace.as_deref();
    let pod = Resource::new("", "v1", "Pod", "pods", true);
    let pods = match (target.resource.group.as_str(), target.resource.kind.as_str()) {
        ("batch", "Job") => {
            let labels = format!("batch.kubernetes.io/job-name={}", target.name);
            run.cluster.list(&pod, namespace, &labels).await.unwrap_or_default()
        }
        ("", "Pod") => run.cluster.get(target).await.ok().flatten().into_iter().collect(),
        _ => Vec::new(),
    };
    // The last Pod is the one whose end made the Job fail.
    let newest =
        pods.iter().max_by_key(|pod| pod["metadata"]["creationTimestamp"].as_str().map(str::to_owned));
    let Some(found) = newest else { return Vec::new() };
    let name = found.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let target = Target::new(pod, namespace.unwrap_or_default(), name);
    let containers = found.pointer("/spec/containers").and_then(Value::as_array);
    let mut lines = Vec::new();
    for container in containers.into_iter().flatten() {
        let container = container["name"].as_str().unwrap_or_default();
        let asked = tokio::time::timeout(
            std::time::Duration::from_secs(5),
            run.cluster.logs(&target, container, LINES),
        );
        if let Ok(Ok(text)) = asked.await {
            lines.extend(text.lines().map(|line| format!("{container}: {line}")));
        }
    }
    lines
}
