package api

func (s *Server) keyRoutes() []declared { return nil }
