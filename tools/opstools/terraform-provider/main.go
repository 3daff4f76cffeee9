// A stand-in for the Terraform providers of AWS, Google and Azure, which no package registry has: it knows the
// resources that examples/terraform uses, refuses what the real ones refuse (unknown and missing arguments), and
// fills in the names, ids and URLs that the cloud would give. It calls nobody. The tests apply the examples with it
// and make what the state then holds in the emulators. Which of the three it is, the program's name says.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type standIn struct{ cloud }

func (s standIn) Metadata(_ context.Context, _ provider.MetadataRequest, answer *provider.MetadataResponse) {
	answer.TypeName = s.name
}

func (s standIn) Schema(_ context.Context, _ provider.SchemaRequest, answer *provider.SchemaResponse) {
	blocks := map[string]schema.Block{}
	for _, name := range s.blocks {
		blocks[name] = schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{}}
	}
	answer.Schema = schema.Schema{Blocks: blocks,
		Attributes: map[string]schema.Attribute{s.place: schema.StringAttribute{Required: true}}}
}

func (s standIn) Configure(ctx context.Context, request provider.ConfigureRequest, answer *provider.ConfigureResponse) {
	var place types.String
	answer.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root(s.place), &place)...)
	surroundings := surroundings{account: os.Getenv("STAND_IN_ACCOUNT"), endpoint: os.Getenv("STAND_IN_ENDPOINT"),
		issuer: os.Getenv("STAND_IN_ISSUER"), place: place.ValueString()}
	answer.ResourceData, answer.DataSourceData = surroundings, surroundings
}

func (s standIn) Resources(context.Context) []func() resource.Resource {
	var result []func() resource.Resource
	for _, each := range s.resources {
		result = append(result, func() resource.Resource { return &thing{cloud: s.cloud, kind: each} })
	}
	return result
}

func (s standIn) DataSources(context.Context) []func() datasource.DataSource {
	var result []func() datasource.DataSource
	for _, each := range s.dataSources {
		result = append(result, func() datasource.DataSource { return &fact{cloud: s.cloud, source: each} })
	}
	return result
}

func main() {
	here := aws
	for _, other := range []cloud{google, azure} {
		if strings.HasSuffix(filepath.Base(os.Args[0]), other.name) {
			here = other
		}
	}
	serve := func() provider.Provider { return standIn{here} }
	options := providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/" + here.name}
	if err := providerserver.Serve(context.Background(), serve, options); err != nil {
		log.Fatal(err)
	}
}
