// A stand-in for the Terraform provider of AWS, which no package registry has: it knows the resources that
// examples/terraform uses, refuses what the real one refuses (unknown and missing arguments), and fills in
// the names, ARNs and URLs that AWS would give. It calls nobody. The tests apply the example with it and
// make what the state then holds in the emulators.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type standIn struct{}

func (standIn) Metadata(_ context.Context, _ provider.MetadataRequest, answer *provider.MetadataResponse) {
	answer.TypeName = "aws"
}

func (standIn) Schema(_ context.Context, _ provider.SchemaRequest, answer *provider.SchemaResponse) {
	answer.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"region": schema.StringAttribute{Required: true}}}
}

func (standIn) Configure(ctx context.Context, request provider.ConfigureRequest, answer *provider.ConfigureResponse) {
	var config struct {
		Region types.String `tfsdk:"region"`
	}
	answer.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	surroundings := surroundings{account: os.Getenv("STAND_IN_ACCOUNT"), endpoint: os.Getenv("STAND_IN_ENDPOINT"),
		issuer: os.Getenv("STAND_IN_ISSUER"), region: config.Region.ValueString()}
	answer.ResourceData, answer.DataSourceData = surroundings, surroundings
}

func (standIn) Resources(context.Context) []func() resource.Resource {
	var result []func() resource.Resource
	for _, each := range resources {
		result = append(result, func() resource.Resource { return &thing{kind: each} })
	}
	return result
}

func (standIn) DataSources(context.Context) []func() datasource.DataSource {
	var result []func() datasource.DataSource
	for _, each := range dataSources {
		result = append(result, func() datasource.DataSource { return &fact{source: each} })
	}
	return result
}

func main() {
	serve := func() provider.Provider { return standIn{} }
	options := providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/aws"}
	if err := providerserver.Serve(context.Background(), serve, options); err != nil {
		log.Fatal(err)
	}
}
