/** How `--condition` is written, for help texts. */
export const conditionHelp = `
    --condition=CONDITION
                         expression=CEL[,title=TEXT][,description=TEXT]: it counts only while this holds; CEL may read
                         request.time, resource.name, resource.type and resource.service`;
