package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/release-train/release-train/internal/sandbox"
)

func (a *app) sandboxCommand() *cobra.Command {
	o := sandbox.Options{}
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run GitLab, Slack and the Kubernetes API as local servers, over a real git repository",
		Long: `Run GitLab, Slack and the Kubernetes API as local servers that keep their state
until Ctrl-C, backed by a bare clone of a real git repository. It prints the
environment that a worker needs to use them.`,
		Example: `  starter sandbox --repo .
  starter sandbox --repo ../my-service --listen 127.0.0.1:8090`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := a.file()
			if err != nil {
				return err
			}
			o.Trains = f.Trains
			s, err := sandbox.Start(cmd.Context(), o)
			if err != nil {
				return err
			}
			a.printf("The sandbox runs: %s\n\nFor a worker in another terminal:\n\n", s.URL())
			for _, line := range s.Env() {
				a.printf("  export %s\n", line)
			}
			a.printf("\nCtrl-C stops it.\n")
			<-cmd.Context().Done()
			if err := s.Close(); err != nil {
				return fmt.Errorf("stop the sandbox: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Repo, "repo", ".",
		"the git `repository` whose commits are released; it is cloned, never touched")
	cmd.Flags().StringVar(&o.Branch, "branch", "", "its `branch` that becomes main; what is checked out when left out")
	cmd.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:0", "the loopback `address` to listen on")
	return cmd
}
