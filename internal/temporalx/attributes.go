package temporalx

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/train"
)

// EnsureSearchAttributes registers the search attributes of releases where they
// are missing. Upserting an unregistered one would wedge a release for ever, so
// a worker that gets an error here runs without them.
func EnsureSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	missing, err := MissingSearchAttributes(ctx, c, namespace)
	if err != nil || len(missing) == 0 {
		return err
	}
	add := map[string]enumspb.IndexedValueType{}
	for _, name := range missing {
		add[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx,
		&operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: add})
	var exists *serviceerror.AlreadyExists // another worker was faster
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("register the search attributes %v in namespace %s: %w", missing, namespace, err)
	}
	return nil
}

// MissingSearchAttributes lists those of train.SearchAttributes that the
// namespace does not know.
func MissingSearchAttributes(ctx context.Context, c client.Client, namespace string) ([]string, error) {
	known, err := c.OperatorService().ListSearchAttributes(ctx,
		&operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("list the search attributes of namespace %s: %w", namespace, err)
	}
	var missing []string
	for _, name := range train.SearchAttributes() {
		if known.CustomAttributes[name] != enumspb.INDEXED_VALUE_TYPE_KEYWORD {
			missing = append(missing, name)
		}
	}
	return missing, nil
}
