//! Times decisions of the crate cedar-policy from JSON to JSON, beside which `make bench-python` puts the same from Python.
//!
//! `authorize POLICIES ENTITIES REQUEST` reads the three files, and decides the request once, whose reply it prints. Then, for each
//! line of its input, which is a number, it decides the request that many times, and prints the nanoseconds that its thread was running
//! for that. So whoever measures beside it chooses when, and how long.

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
};
use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};
use std::{
    env,
    error::Error,
    fs,
    io::{self, BufRead, Write},
    str::FromStr,
};

#[derive(Deserialize)]
struct Uid {
    r#type: String,
    id: String,
}

#[derive(Deserialize)]
struct Call {
    principal: Uid,
    action: Uid,
    resource: Uid,
    context: serde_json::Value,
}

#[derive(Serialize)]
struct Reply {
    decision: Decision,
    reasons: Vec<String>,
    errors: Vec<String>,
}

/// What is loaded before: policies and entities are parsed once.
struct Engine {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
}

impl Engine {
    fn load(policies: &str, entities: &str) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(policies)?,
            entities: Entities::from_json_str(entities, None)?,
        })
    }

    fn authorize(&self, request: &str) -> Result<String, Box<dyn Error>> {
        let call: Call = serde_json::from_str(request)?;
        let request = Request::new(
            uid(call.principal)?,
            uid(call.action)?,
            uid(call.resource)?,
            Context::from_json_value(call.context, None)?,
            None,
        )?;
        let response = self.authorizer.is_authorized(&request, &self.policies, &self.entities);
        let diagnostics = response.diagnostics();
        Ok(serde_json::to_string(&Reply {
            decision: response.decision(),
            reasons: diagnostics.reason().map(ToString::to_string).collect(),
            errors: diagnostics.errors().map(ToString::to_string).collect(),
        })?)
    }
}

fn uid(uid: Uid) -> Result<EntityUid, Box<dyn Error>> {
    let name = EntityTypeName::from_str(&uid.r#type)?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(uid.id)))
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, policies, entities, request] = &args[..] else {
        return Err("usage: authorize POLICIES ENTITIES REQUEST".into());
    };
    let engine = Engine::load(&fs::read_to_string(policies)?, &fs::read_to_string(entities)?)?;
    let request = fs::read_to_string(request)?;
    let reply = engine.authorize(&request)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{reply}")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let times: u64 = line?.parse()?;
        let start = ThreadTime::now();
        for _ in 0..times {
            // Reasons come in any order.
            if engine.authorize(&request)?.len() != reply.len() {
                return Err("another reply to the same request".into());
            }
        }
        writeln!(out, "{}", start.elapsed().as_nanos())?;
        out.flush()?;
    }
    Ok(())
}
