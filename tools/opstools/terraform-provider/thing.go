package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	facts "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// thing is a resource of any kind.
type thing struct {
	cloud cloud
	kind  kind
	surroundings
}

func (t *thing) Metadata(_ context.Context, _ resource.MetadataRequest, answer *resource.MetadataResponse) {
	answer.TypeName = t.cloud.name + "_" + t.kind.name
}

func (t *thing) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	t.surroundings, _ = request.ProviderData.(surroundings)
}

func (t *thing) Schema(_ context.Context, _ resource.SchemaRequest, answer *resource.SchemaResponse) {
	attributes, blocks := t.cloud.schema(t.kind.arguments)
	for name := range t.kind.computed(surroundings{}, values{}) {
		attributes[name] = schema.StringAttribute{Computed: true}
	}
	answer.Schema = schema.Schema{Attributes: attributes, Blocks: blocks}
}

func (c cloud) schema(arguments map[string]argument) (map[string]schema.Attribute, map[string]schema.Block) {
	attributes, blocks := map[string]schema.Attribute{}, map[string]schema.Block{}
	for name, argument := range arguments {
		optional := !argument.required
		switch argument.kind {
		case "string":
			// The place of the provider, if none is named.
			attributes[name] = schema.StringAttribute{Required: argument.required, Optional: optional, Computed: optional && name == c.place}
		case "number":
			attributes[name] = schema.NumberAttribute{Required: argument.required, Optional: optional}
		case "bool":
			attributes[name] = schema.BoolAttribute{Required: argument.required, Optional: optional}
		case "strings":
			attributes[name] = schema.SetAttribute{ElementType: types.StringType, Required: argument.required, Optional: optional}
		case "map":
			attributes[name] = schema.MapAttribute{ElementType: types.StringType, Optional: true}
		case "block":
			members, _ := c.schema(argument.members)
			blocks[name] = schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: members}}
		}
	}
	return attributes, blocks
}

func (t *thing) Create(_ context.Context, request resource.CreateRequest, answer *resource.CreateResponse) {
	var planned map[string]tftypes.Value
	if err := request.Plan.Raw.As(&planned); err != nil {
		answer.Diagnostics.AddError("plan", err.Error())
		return
	}
	given := values{t.cloud.place: t.place}
	for name, value := range planned {
		var text string
		if value.Type().Is(tftypes.String) && value.IsKnown() && !value.IsNull() && value.As(&text) == nil {
			given[name] = text
		}
	}
	filled := t.kind.computed(t.surroundings, given)
	filled[t.cloud.place] = given[t.cloud.place]
	for name, value := range planned {
		if !value.IsKnown() {
			planned[name] = tftypes.NewValue(tftypes.String, filled[name])
		}
	}
	answer.State.Raw = tftypes.NewValue(request.Plan.Raw.Type(), planned)
}

func (t *thing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (t *thing) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (t *thing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// fact is a data source.
type fact struct {
	cloud  cloud
	source source
	surroundings
}

func (f *fact) Metadata(_ context.Context, _ datasource.MetadataRequest, answer *datasource.MetadataResponse) {
	answer.TypeName = f.cloud.name + "_" + f.source.name
}

func (f *fact) Configure(_ context.Context, request datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	f.surroundings, _ = request.ProviderData.(surroundings)
}

func (f *fact) Schema(_ context.Context, _ datasource.SchemaRequest, answer *datasource.SchemaResponse) {
	attributes := map[string]facts.Attribute{}
	for _, name := range f.source.arguments {
		attributes[name] = facts.StringAttribute{Required: true}
	}
	for name, value := range f.source.facts(surroundings{}, values{}) {
		if kind := typeOf(value); kind == types.StringType {
			attributes[name] = facts.StringAttribute{Computed: true}
		} else {
			attributes[name] = facts.ListAttribute{ElementType: kind.(types.ListType).ElemType, Computed: true}
		}
	}
	answer.Schema = facts.Schema{Attributes: attributes}
}

func (f *fact) Read(ctx context.Context, request datasource.ReadRequest, answer *datasource.ReadResponse) {
	var config map[string]tftypes.Value
	if err := request.Config.Raw.As(&config); err != nil {
		answer.Diagnostics.AddError("configuration", err.Error())
		return
	}
	given := values{}
	for _, name := range f.source.arguments {
		var text string
		_ = config[name].As(&text)
		given[name] = text
	}
	for name, value := range f.source.facts(f.surroundings, given) {
		config[name] = valueOf(ctx, value)
	}
	answer.State.Raw = tftypes.NewValue(request.Config.Raw.Type(), config)
}

// typeOf and valueOf turn strings and lists of objects into what Terraform has for them.
func typeOf(value any) attr.Type {
	objects, nested := value.([]map[string]any)
	if !nested {
		return types.StringType
	}
	members := map[string]attr.Type{}
	for name, member := range objects[0] {
		members[name] = typeOf(member)
	}
	return types.ListType{ElemType: types.ObjectType{AttrTypes: members}}
}

func valueOf(ctx context.Context, value any) tftypes.Value {
	kind := typeOf(value).TerraformType(ctx)
	objects, nested := value.([]map[string]any)
	if !nested {
		return tftypes.NewValue(kind, value)
	}
	var elements []tftypes.Value
	for _, object := range objects {
		members := map[string]tftypes.Value{}
		for name, member := range object {
			members[name] = valueOf(ctx, member)
		}
		elements = append(elements, tftypes.NewValue(kind.(tftypes.List).ElementType, members))
	}
	return tftypes.NewValue(kind, elements)
}
