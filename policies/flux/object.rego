# What all rules ask about the object before them.
package flux.object

# concerned(group, kind) holds for an object of that kind. An apiVersion that is missing, malformed or
# has no group does not excuse the object: only the name of another group does.
concerned(group, kind) if {
	input.object.kind == kind
	not in_another_group(group)
}

in_another_group(group) if {
	is_string(input.object.apiVersion)
	contains(input.object.apiVersion, "/")
	not startswith(input.object.apiVersion, concat("", [group, "/"]))
}

# subject is how a message names the object. The host makes it out of kind and name, so that a rule
# neither depends on metadata.name being there nor has to wait until it is known.
default subject := "the object"

subject := input.subject if {
	is_string(input.subject)
	input.subject != ""
}

# show(value) is a value as a message may quote it: as JSON, and never more than a line of it.
show(value) := substring(json.marshal(value), 0, 60)

# problem(value) is why a value that ought to be non-blank text is not. Undefined for such text.
problem(value) := "is null" if is_null(value)

problem(value) := "is blank" if {
	is_string(value)
	trim_space(value) == ""
}

problem(value) := sprintf("is %s, not text", [show(value)]) if {
	not is_null(value)
	not is_string(value)
}
