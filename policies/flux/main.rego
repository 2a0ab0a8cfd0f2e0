# What the gate asks for: every rule's findings, by the name of the rule's package.
package flux.main

report := {name: findings | findings := data.flux.rules[name].deny}
