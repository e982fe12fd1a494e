package server

// Evaluation asks for a decision, in the form of OpenID AuthZEN.
type Evaluation struct {
	Subject  Party               `json:"subject"`
	Action   ActionName          `json:"action"`
	Resource Party               `json:"resource"`
	Context  map[string]Property `json:"context,omitempty" nullable:"true"`
}

// Party is a subject or a resource. The properties become a field of the context that is called after it.
type Party struct {
	Type       string              `json:"type"`
	ID         string              `json:"id"`
	Properties map[string]Property `json:"properties,omitempty" nullable:"true"`
}

// ActionName is an action, of which the name is the id.
type ActionName struct {
	Name       string              `json:"name"`
	Properties map[string]Property `json:"properties,omitempty" nullable:"true"`
}

// Property is a value of Cedar's, or null, which is dropped; a fraction is a decimal.
type Property any

// Evaluations asks for many decisions.
type Evaluations struct {
	Subject     Default           `json:"subject,omitempty"`
	Action      Default           `json:"action,omitempty"`
	Resource    Default           `json:"resource,omitempty"`
	Context     Default           `json:"context,omitempty"`
	Evaluations []EvaluationItem  `json:"evaluations,omitempty"`
	Options     EvaluationOptions `json:"options,omitzero"`
}

// Default is what holds for evaluations that don't have it themselves. It needs to be whole only if there are such.
type Default any

// EvaluationItem is an evaluation, or should be.
type EvaluationItem any

// EvaluationOptions say which evaluations are decided.
type EvaluationOptions struct {
	Semantic string `json:"evaluations_semantic,omitempty" enum:"execute_all,deny_on_first_deny,permit_on_first_permit"`
}

// EvaluationReply is a decision, with all statements that decided.
type EvaluationReply struct {
	Decision bool    `json:"decision"`
	Context  Grounds `json:"context"`
}

// Grounds are why a decision is what it is.
type Grounds struct {
	Reasons     []Reason    `json:"reasons"`
	Diagnostics Diagnostics `json:"diagnostics"`
}

// EvaluationError is what stands in a decision's place where an evaluation is wrong.
type EvaluationError struct {
	Decision bool       `json:"decision"`
	Context  ErrorReply `json:"context"`
}

// EvaluationResult is a decision, or what stands in its place.
type EvaluationResult any

// EvaluationsReply has a decision, or an error, for each evaluation up to the last that was decided.
type EvaluationsReply struct {
	Evaluations []EvaluationResult `json:"evaluations"`
}

// EvaluationsAnswer stands for an EvaluationsReply, or an EvaluationReply where there were no evaluations.
type EvaluationsAnswer struct{}

// AuthZENMetadata says where the endpoints are.
type AuthZENMetadata struct {
	PolicyDecisionPoint       string `json:"policy_decision_point"`
	AccessEvaluationEndpoint  string `json:"access_evaluation_endpoint"`
	AccessEvaluationsEndpoint string `json:"access_evaluations_endpoint"`
}
