//! How Go prints and reads: printf verbs, numbers, durations.
