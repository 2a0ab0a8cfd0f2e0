//! The host for policies that OPA compiled to WebAssembly: synchronous, and limited in fuel, memory and time.
//!
//! Written after OPA's description of its ABI (versions 1.2 and later): the host gives memory and builtins,
//! loads the data once, and asks entrypoints.

mod config;
mod layout;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;
use wasmtime::{
    Caller, Engine, Extern, Func, Instance, Memory, MemoryType, Module, ResourceLimiter, Store, Trap,
    TypedFunc,
};

use crate::builtins::{self, Builtin};
use crate::bundle::{self, built_in};
use crate::settings::Limits;
use crate::value::Value;
use watch::Watch;

/// Why a compiled policy gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine or its thread did not start.
    #[error("the policy engine does not start")]
    Start {
        /// What the engine or the system says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The module is not one, or not one that OPA compiled for this host.
    #[error("the compiled policy cannot be loaded: {problem}")]
    Module {
        /// What is wrong with it.
        problem: String,
        /// What the engine says.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The policy calls builtins that the host does not have.
    #[error("the policy calls builtins that are not supported: {}; supported are {}", missing.join(", "), supported.join(", "))]
    Builtins {
        /// The builtins that are missing.
        missing: Vec<String>,
        /// The builtins that are there, besides those that OPA compiles into the policy.
        supported: Vec<&'static str>,
    },
    /// The policy has no such entrypoint, though its manifest lists it.
    #[error("the compiled policy has no entrypoint {path}")]
    Entrypoint {
        /// The path of the entrypoint.
        path: String,
    },
    /// Too many instructions.
    #[error("it needs more than {limit} units of fuel")]
    Fuel {
        /// The limit.
        limit: u64,
    },
    /// Too much memory.
    #[error("it needs more than {limit} bytes of memory")]
    Memory {
        /// The limit.
        limit: usize,
    },
    /// Too much time.
    #[error("it takes longer than {limit:?}")]
    Time {
        /// The limit.
        limit: std::time::Duration,
    },
    /// The policy itself gave up, for instance since a rule has two values at once.
    #[error("the policy stopped: {message}")]
    Abort {
        /// What OPA's runtime says, with file and line.
        message: String,
    },
    /// A builtin failed.
    #[error("the builtin {name} failed")]
    Builtin {
        /// The builtin.
        name: String,
        /// Why. May repeat the values that it was given.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The module did something that it must not, or ran out of stack.
    #[error("the policy crashed: {message}")]
    Crash {
        /// What the engine says.
        message: String,
    },
    /// The answer is not what OPA's runtime answers.
    #[error("the answer of the policy cannot be read")]
    Answer,
}

/// A compiled policy with its data, ready to be run any number of times.
pub(crate) struct Program {
    engine: Engine,
    module: Module,
    pages: u32,
    data: Vec<u8>,
    limits: Limits,
    watch: Watch,
}

/// A policy in a memory of its own. After an error it must not be asked again.
pub(crate) struct Machine {
    store: Store<Host>,
    memory: Memory,
    exports: Exports,
    entrypoints: BTreeMap<String, i32>,
    data: i32,
    /// Where the heap begins that each evaluation has for itself.
    heap: i32,
}

/// What the functions of the host need when the policy calls them.
struct Host {
    memory_limit: usize,
    exports: Option<(Memory, Exports)>,
    builtins: Arc<BTreeMap<i32, (String, Builtin)>>,
}

/// How many bytes evaluations may leave behind before the heap is emptied, and all compiled patterns with it.
const LARGEST_HEAP: usize = 4 << 20;

/// The functions of OPA's ABI.
#[derive(Clone)]
struct Exports {
    builtins: TypedFunc<(), i32>,
    ctx_get_result: TypedFunc<i32, i32>,
    ctx_new: TypedFunc<(), i32>,
    ctx_set_data: TypedFunc<(i32, i32), ()>,
    ctx_set_entrypoint: TypedFunc<(i32, i32), ()>,
    ctx_set_input: TypedFunc<(i32, i32), ()>,
    entrypoints: TypedFunc<(), i32>,
    eval: TypedFunc<i32, i32>,
    heap_ptr_get: TypedFunc<(), i32>,
    heap_ptr_set: TypedFunc<i32, ()>,
    json_dump: TypedFunc<i32, i32>,
    malloc: TypedFunc<i32, i32>,
    value_dump: TypedFunc<i32, i32>,
    value_parse: TypedFunc<(i32, i32), i32>,
}

impl Program {
    /// Takes a policy out of a bundle, with the data that it shall see.
    pub(crate) fn load(
        program: &bundle::Program,
        data: &Json,
        limits: Limits,
    ) -> Result<Program, EngineError> {
        let start = |error: wasmtime::Error| EngineError::Start { source: error.into() };
        let engine = Engine::new(&config::config()).map_err(start)?;
        let (module, pages) = match program {
            bundle::Program::BuiltIn => (built_in_module(&engine).map_err(start)?, built_in::PAGES),
            bundle::Program::Module(bytes) => {
                let module = Module::from_binary(&engine, bytes).map_err(|error| EngineError::Module {
                    problem: "it is not a WebAssembly module".to_owned(),
                    source: Some(error.into()),
                })?;
                (module, layout::pages(bytes).ok_or_else(|| broken("its data segments cannot be read"))?)
            }
        };
        let watch = Watch::new(engine.clone());
        Ok(Program { engine, module, pages, data: data.to_string().into_bytes(), limits, watch })
    }

    /// Makes a machine: gives it memory, checks what it calls, loads the data.
    pub(crate) fn start(&self) -> Result<Machine, EngineError> {
        let host = Host { memory_limit: self.limits.memory, exports: None, builtins: Arc::default() };
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| host);
        let _watching = self.allow(&mut store)?;
        let memory = Memory::new(&mut store, MemoryType::new(self.pages, None))
            .map_err(|error| self.explain(error))?;
        let imports = self.imports(&mut store, memory)?;
        let instance =
            Instance::new(&mut store, &self.module, &imports).map_err(|error| self.explain(error))?;
        check_abi(&mut store, &instance)?;
        let exports = Exports::of(&mut store, &instance)?;
        store.data_mut().exports = Some((memory, exports.clone()));
        let mut machine = Machine { store, memory, exports, entrypoints: BTreeMap::new(), data: 0, heap: 0 };
        machine.prepare(&self.data).map_err(|error| self.explain(error))?;
        Ok(machine)
    }

    /// Asks an entrypoint for its answer to an input, which is JSON. `None` is Rego's undefined.
    pub(crate) fn ask(
        &self,
        machine: &mut Machine,
        entrypoint: &str,
        input: &str,
    ) -> Result<Option<Json>, EngineError> {
        let _watching = self.allow(&mut machine.store)?;
        let id = machine.entrypoints.get(entrypoint).copied();
        let id = id.ok_or_else(|| EngineError::Entrypoint { path: entrypoint.to_owned() })?;
        let answer = machine.evaluate(id, input).map_err(|error| self.explain(error))?;
        // A list of one binding, or of none when the answer is undefined.
        let mut answers: Vec<Binding> = serde_json::from_str(&answer).map_err(|_| EngineError::Answer)?;
        match (answers.pop(), answers.is_empty()) {
            (None, _) => Ok(None),
            (Some(answer), true) => Ok(Some(answer.result)),
            (Some(_), false) => Err(EngineError::Answer),
        }
    }

    /// Grants fuel and time for one piece of work.
    fn allow(&self, store: &mut Store<Host>) -> Result<watch::Watching<'_>, EngineError> {
        store.set_fuel(self.limits.fuel).map_err(|error| EngineError::Start { source: error.into() })?;
        store.set_epoch_deadline(Watch::ticks(self.limits.time));
        self.watch.start().map_err(|error| EngineError::Start { source: error.into() })
    }

    fn imports(&self, store: &mut Store<Host>, memory: Memory) -> Result<Vec<Extern>, EngineError> {
        let mut imports = Vec::new();
        for import in self.module.imports() {
            imports.push(match (import.module(), import.name()) {
                ("env", "memory") => Extern::Memory(memory),
                ("env", "opa_abort") => Func::wrap(&mut *store, abort).into(),
                ("env", "opa_println") => Func::wrap(&mut *store, |_: i32| {}).into(),
                ("env", "opa_builtin0") => {
                    Func::wrap(&mut *store, |c: Caller<'_, Host>, id: i32, _: i32| call(c, id, &[])).into()
                }
                ("env", "opa_builtin1") => {
                    Func::wrap(&mut *store, |c: Caller<'_, Host>, id: i32, _: i32, a: i32| call(c, id, &[a]))
                        .into()
                }
                ("env", "opa_builtin2") => {
                    Func::wrap(&mut *store, |c: Caller<'_, Host>, id: i32, _: i32, a: i32, b: i32| {
                        call(c, id, &[a, b])
                    })
                    .into()
                }
                ("env", "opa_builtin3") => {
                    Func::wrap(&mut *store, |c: Caller<'_, Host>, id: i32, _: i32, a: i32, b: i32, d: i32| {
                        call(c, id, &[a, b, d])
                    })
                    .into()
                }
                ("env", "opa_builtin4") => Func::wrap(
                    &mut *store,
                    |c: Caller<'_, Host>, id: i32, _: i32, a: i32, b: i32, d: i32, e: i32| {
                        call(c, id, &[a, b, d, e])
                    },
                )
                .into(),
                (module, name) => {
                    return Err(broken(&format!("it imports {module}.{name}, which OPA does not")));
                }
            });
        }
        Ok(imports)
    }

    fn explain(&self, error: wasmtime::Error) -> EngineError {
        let error = match error.downcast::<EngineError>() {
            Ok(own) => return own,
            Err(error) => error,
        };
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => EngineError::Fuel { limit: self.limits.fuel },
            Some(Trap::Interrupt) => EngineError::Time { limit: self.limits.time },
            Some(trap) => EngineError::Crash { message: trap.to_string() },
            None => EngineError::Crash { message: error.to_string() },
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The data may hold what must not be shown.
        f.debug_struct("Program").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("entrypoints", &self.entrypoints).finish_non_exhaustive()
    }
}

/// One element of what an evaluation answers.
#[derive(serde::Deserialize)]
struct Binding {
    result: Json,
}

impl Machine {
    /// Whether the policy has that entrypoint.
    pub(crate) fn answers(&self, entrypoint: &str) -> bool {
        self.entrypoints.contains_key(entrypoint)
    }

    /// How many bytes of memory it has.
    pub(crate) fn size(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    fn prepare(&mut self, data: &[u8]) -> wasmtime::Result<()> {
        let address = self.exports.builtins.call(&mut self.store, ())?;
        let wanted: BTreeMap<String, i32> = self.table(address)?;
        let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
        for (name, id) in wanted {
            match builtins::find(&name) {
                Some(builtin) => drop(found.insert(id, (name, builtin))),
                None => missing.push(name),
            }
        }
        if !missing.is_empty() {
            let supported = builtins::names().collect();
            return Err(wasmtime::Error::new(EngineError::Builtins { missing, supported }));
        }
        self.store.data_mut().builtins = Arc::new(found);
        let address = self.exports.entrypoints.call(&mut self.store, ())?;
        self.entrypoints = self.table(address)?;
        let (memory, exports) = (self.memory, self.exports.clone());
        self.data = parse(&mut self.store, memory, &exports, data)?;
        self.heap = self.exports.heap_ptr_get.call(&mut self.store, ())?;
        Ok(())
    }

    fn table(&mut self, address: i32) -> wasmtime::Result<BTreeMap<String, i32>> {
        let text = self.exports.json_dump.call(&mut self.store, address)?;
        let text = read_text(self.memory.data(&self.store), text)?;
        serde_json::from_str(text).map_err(|_| wasmtime::Error::new(EngineError::Answer))
    }

    /// Evaluates step by step and not by `opa_eval`, which would forget all compiled patterns each time, and
    /// compiling them again takes longer than everything else.
    fn evaluate(&mut self, entrypoint: i32, input: &str) -> wasmtime::Result<String> {
        let (store, exports) = (&mut self.store, &self.exports);
        let used = offset(exports.heap_ptr_get.call(&mut *store, ())?).saturating_sub(offset(self.heap));
        if used > LARGEST_HEAP {
            exports.heap_ptr_set.call(&mut *store, self.heap)?;
        }
        let input = parse(&mut *store, self.memory, exports, input.as_bytes())?;
        let context = exports.ctx_new.call(&mut *store, ())?;
        exports.ctx_set_input.call(&mut *store, (context, input))?;
        exports.ctx_set_data.call(&mut *store, (context, self.data))?;
        exports.ctx_set_entrypoint.call(&mut *store, (context, entrypoint))?;
        if exports.eval.call(&mut *store, context)? != 0 {
            return Err(wasmtime::Error::new(EngineError::Answer));
        }
        let result = exports.ctx_get_result.call(&mut *store, context)?;
        let answer = exports.json_dump.call(&mut *store, result)?;
        read_text(self.memory.data(&*store), answer).map(str::to_owned)
    }
}

impl Exports {
    fn of(store: &mut Store<Host>, instance: &Instance) -> Result<Exports, EngineError> {
        fn get<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
            store: &mut Store<Host>,
            instance: &Instance,
            name: &str,
        ) -> Result<TypedFunc<P, R>, EngineError> {
            instance.get_typed_func(store, name).map_err(|error| EngineError::Module {
                problem: format!("it has no function {name} as OPA makes it"),
                source: Some(error.into()),
            })
        }
        Ok(Exports {
            builtins: get(store, instance, "builtins")?,
            ctx_get_result: get(store, instance, "opa_eval_ctx_get_result")?,
            ctx_new: get(store, instance, "opa_eval_ctx_new")?,
            ctx_set_data: get(store, instance, "opa_eval_ctx_set_data")?,
            ctx_set_entrypoint: get(store, instance, "opa_eval_ctx_set_entrypoint")?,
            ctx_set_input: get(store, instance, "opa_eval_ctx_set_input")?,
            entrypoints: get(store, instance, "entrypoints")?,
            eval: get(store, instance, "eval")?,
            heap_ptr_get: get(store, instance, "opa_heap_ptr_get")?,
            heap_ptr_set: get(store, instance, "opa_heap_ptr_set")?,
            json_dump: get(store, instance, "opa_json_dump")?,
            malloc: get(store, instance, "opa_malloc")?,
            value_dump: get(store, instance, "opa_value_dump")?,
            value_parse: get(store, instance, "opa_value_parse")?,
        })
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.memory_limit {
            // Refused softly, OPA's runtime would go on and report something else.
            return Err(wasmtime::Error::new(EngineError::Memory { limit: self.memory_limit }));
        }
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        const MOST: usize = 100_000;
        Ok(desired <= MOST)
    }
}

/// The policy calls this when it cannot go on.
fn abort(caller: Caller<'_, Host>, address: i32) -> wasmtime::Result<()> {
    let message = match &caller.data().exports {
        Some((memory, _)) => read_text(memory.data(&caller), address)?.to_owned(),
        None => "while it was started".to_owned(),
    };
    Err(wasmtime::Error::new(EngineError::Abort { message }))
}

/// The policy calls this for a builtin that is not compiled into it.
fn call(mut caller: Caller<'_, Host>, id: i32, arguments: &[i32]) -> wasmtime::Result<i32> {
    let host = caller.data();
    let Some((memory, exports)) = host.exports.clone() else {
        return Err(wasmtime::Error::new(EngineError::Answer));
    };
    let builtins = Arc::clone(&host.builtins);
    let Some((name, builtin)) = builtins.get(&id) else {
        return Err(wasmtime::Error::new(EngineError::Answer));
    };
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let text = exports.value_dump.call(&mut caller, *argument)?;
        let value = Value::parse(read_text(memory.data(&caller), text)?);
        values.push(value.ok_or_else(|| wasmtime::Error::new(EngineError::Answer))?);
    }
    let answer = builtin(&values).map_err(|source| {
        wasmtime::Error::new(EngineError::Builtin { name: name.clone(), source: Box::new(source) })
    })?;
    parse(&mut caller, memory, &exports, answer.dump().as_bytes())
}

/// Makes a value in the memory of the policy out of its text.
fn parse(
    mut store: impl wasmtime::AsContextMut,
    memory: Memory,
    exports: &Exports,
    text: &[u8],
) -> wasmtime::Result<i32> {
    let length = address(text.len() as u64)?;
    let place = exports.malloc.call(&mut store, length)?;
    memory.write(&mut store, offset(place), text)?;
    match exports.value_parse.call(&mut store, (place, length))? {
        0 => Err(wasmtime::Error::new(EngineError::Answer)),
        value => Ok(value),
    }
}

/// Reads a text that ends with a zero byte.
fn read_text(memory: &[u8], address: i32) -> wasmtime::Result<&str> {
    let text = memory.get(offset(address)..).and_then(|from| {
        let end = from.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(from.get(..end)?).ok()
    });
    text.ok_or_else(|| wasmtime::Error::new(EngineError::Answer))
}

/// The address as WebAssembly means it: 32 bits without a sign.
fn offset(address: i32) -> usize {
    address.cast_unsigned() as usize
}

fn address(offset: u64) -> wasmtime::Result<i32> {
    let address = u32::try_from(offset).map_err(|_| wasmtime::Error::new(EngineError::Answer))?;
    Ok(address.cast_signed())
}

fn check_abi(store: &mut Store<Host>, instance: &Instance) -> Result<(), EngineError> {
    let mut version = |name| {
        let global = instance.get_global(&mut *store, name)?;
        global.get(&mut *store).i32()
    };
    match (version("opa_wasm_abi_version"), version("opa_wasm_abi_minor_version")) {
        (Some(1), Some(2..)) => Ok(()),
        (Some(major), Some(minor)) => {
            Err(broken(&format!("its ABI is {major}.{minor}; OPA 0.29 and later make 1.2 and later")))
        }
        _ => Err(broken("it does not state the version of OPA's ABI")),
    }
}

fn broken(problem: &str) -> EngineError {
    EngineError::Module { problem: problem.to_owned(), source: None }
}

#[expect(
    unsafe_code,
    reason = "wasmtime loads machine code only on the word of whoever made it: our build script did"
)]
fn built_in_module(engine: &Engine) -> wasmtime::Result<Module> {
    // SAFETY: the bytes were made by `Engine::precompile_module` in this crate's build script, with the same
    // configuration and version of wasmtime, and have been part of this program since. wasmtime compares
    // version, target and configuration, and refuses what differs.
    unsafe { Module::deserialize(engine, built_in::MODULE) }
}
